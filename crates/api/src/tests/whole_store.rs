//! What reads the whole store is done by one at a time.

use super::*;

fn get_with_token(path: &str) -> String {
    get(path).replace("\r\n\r\n", &format!("\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"))
}

#[test]
fn a_second_audit_or_backup_is_refused_while_one_is_under_way() {
    let rig = Rig::new(Store::ephemeral().unwrap());
    let first = Arc::clone(&rig.turn).try_acquire_owned().unwrap();
    for path in ["/v1/audit", "/v1/backup"] {
        let answer = rig.answer(&get_with_token(path));
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("urn:kusari:problem:busy"), "{answer}");
    }
    drop(first);
    for _ in 0..2 {
        let answer = rig.answer(&get_with_token("/v1/audit"));
        assert!(answer.contains("{\"sound\":true,"), "{answer}");
    }
}

#[test]
fn an_audit_that_nobody_waits_for_any_more_keeps_its_turn_to_its_end() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().worker_threads(1).max_blocking_threads(1).build().unwrap();
    let rig = Rig::on(runtime, Store::ephemeral().unwrap(), FEW_CONNECTIONS, RateLimit::default());
    // The only thread that reads the store is busy, so the audit does not end before this is.
    let (end, ends) = std::sync::mpsc::channel::<()>();
    rig.runtime.spawn_blocking(move || ends.recv());
    let client = rig.sent(&get_with_token("/v1/audit"));
    let busy = |rig: &Rig| rig.answer(&get_with_token("/v1/backup")).starts_with("HTTP/1.1 503 ");
    while rig.turn.available_permits() > 0 {
        std::thread::yield_now();
    }
    drop(client);
    for _ in 0..100 {
        assert!(busy(&rig), "the turn is free while the audit waits for its end");
    }
    drop(end);
    while rig.turn.available_permits() == 0 {
        std::thread::yield_now();
    }
}
