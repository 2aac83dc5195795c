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
