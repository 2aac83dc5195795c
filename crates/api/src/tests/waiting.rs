//! Commands: what is waited for, and what the node's answers become.

use kusari_chain::BestPoint;
use kusari_node::Snapshot;
use kusari_node::interface::{Command, Reply, SayRefusal, TooManyAddresses};

use super::*;

const RECORD: &str = "{\"text\":\"hi\"}";

impl Rig {
    /// Answers commands in order and makes room after each; returns what the client got, and the
    /// commands.
    pub(super) fn play(&mut self, request: &str, replies: Vec<Reply>) -> (String, Vec<Command>) {
        let mut answer = reading(self.sent(request));
        let mut replies = replies.into_iter();
        let mut commands = Vec::new();
        let node = &mut self.node;
        let text = self.runtime.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    answer = &mut answer => return answer.unwrap(),
                    command = node.next_command() => {
                        let (command, answer) = command.unwrap();
                        commands.push(command);
                        let reply = replies.next().expect("one more command than was expected");
                        let _ = answer.send(reply);
                        for waiting_entries in [1, 0] {
                            node.publish(Snapshot { waiting_entries, ..Snapshot::default() });
                        }
                    }
                }
            }
        });
        (text, commands)
    }
}

fn full() -> Reply {
    Reply::Recorded(Err(SayRefusal::OutboxFull { waiting: 1 }))
}

fn offer() -> Command {
    Command::Offer("hi".into())
}

#[test]
fn a_record_is_answered_with_where_it_is() {
    let mut rig = Rig::new(store(0));
    let (answer, commands) =
        rig.play(&post("/v1/records", "", RECORD), vec![Reply::Recorded(Ok(7))]);
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    assert!(answer.contains("location: /v1/records/7\r\n"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\n{\"id\":7,\"text\":\"hi\",\"state\":\"waiting\",\"block\":null}"),
        "{answer}"
    );
    assert_eq!(commands, [offer()]);
}

#[test]
fn a_full_outbox_refuses_at_once_unless_one_would_wait() {
    let mut rig = Rig::new(store(0));
    let (answer, commands) = rig.play(&post("/v1/records", "", RECORD), vec![full()]);
    assert_problem(&answer, 503, "outbox-full");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(commands, [offer()]);
}

#[test]
fn whoever_waits_for_room_is_recorded_once_there_is_some() {
    let mut rig = Rig::new(store(0));
    let request = post("/v1/records", "Prefer: respond-async, wait=30\r\n", RECORD);
    let (answer, commands) = rig.play(&request, vec![full(), full(), Reply::Recorded(Ok(8))]);
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
    assert_eq!(commands, [offer(), offer(), offer()]);
}

#[test]
fn whoever_waits_in_vain_is_told_so() {
    let mut rig = Rig::in_no_time(store(0));
    rig.node.publish(Snapshot { waiting_entries: 1, ..Snapshot::default() });
    let client = rig.sent(&post("/v1/records", "Prefer: wait=20\r\n", RECORD));
    let answer = reading(client);
    let node = &mut rig.node;
    let (answer, took) = rig.runtime.block_on(async {
        let began = Instant::now();
        let (command, reply) = node.next_command().await.unwrap();
        assert_eq!(command, offer());
        let _ = reply.send(full());
        (answer.await.unwrap(), began.elapsed())
    });
    assert_problem(&answer, 503, "outbox-full");
    assert!(took >= Duration::from_secs(20), "{took:?}");
}

#[test]
fn lines_that_no_block_takes_are_refused_with_the_reason() {
    let mut rig = Rig::new(store(0));
    let too_long = Reply::Recorded(Err(SayRefusal::TooLong { bytes: 5_000, limit: 3_826 }));
    let (answer, _) = rig.play(&post("/v1/records", "", RECORD), vec![too_long]);
    assert_problem(&answer, 422, "record-too-long");
    assert!(answer.contains("5000 bytes, at most 3826"), "{answer}");
    let empty = Reply::Recorded(Err(SayRefusal::Empty));
    let (answer, _) = rig.play(&post("/v1/records", "", "{\"text\":\"\"}"), vec![empty]);
    assert_problem(&answer, 422, "empty-record");
}

#[test]
fn an_address_is_dialled_once_and_only_so_many_are() {
    let mut rig = Rig::new(store(0));
    let request = post("/v1/peers", "", "{\"address\":\"localhost:8080\"}");
    for (already, end) in [(false, "false}"), (true, "true}")] {
        let (answer, commands) = rig.play(&request, vec![Reply::Dialled(Ok(already))]);
        assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
        assert!(
            answer.contains("{\"address\":\"localhost:8080\",\"already_dialled\":"),
            "{answer}"
        );
        assert!(answer.ends_with(end), "{answer}");
        assert_eq!(commands, [Command::Connect("localhost:8080".parse().unwrap())]);
    }
    let too_many = Reply::Dialled(Err(TooManyAddresses { limit: 16 }));
    let (answer, _) = rig.play(&request, vec![too_many]);
    assert_problem(&answer, 409, "too-many-addresses");
}

#[test]
fn a_node_that_has_stopped_takes_nothing_and_can_still_be_read() {
    let mut rig = Rig::new(store(1));
    // Another one in its place, which nobody asks.
    rig.node = TestNode::new(rig.store.clone()).0;
    assert_problem(&rig.answer(&post("/v1/records", "", RECORD)), 503, "stopping");
    assert!(rig.answer(&get("/v1/blocks/1")).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn what_the_node_has_shown_can_be_read_even_if_it_was_not_stored_yet() {
    let rig = Rig::new(store(1));
    let mut shown = Snapshot::default();
    shown.tip.work = Work::of_classic_blocks(2);
    rig.node.publish(shown.clone());
    let answer = reading(rig.sent(&get("/v1/search?text=xxx&limit=1")));
    let answer = rig.runtime.block_on(async {
        extend(&rig.store, 2..=2);
        rig.node.publish(shown);
        answer.await.unwrap()
    });
    assert!(answer.contains("\"height\":2,"), "{answer}");
}

/// A node that tells of a chain of this height.
fn announcing(stored: u32, height: u32) -> Rig {
    let rig = Rig::new(store(stored));
    let (work, hash) = (Work::of_classic_blocks(height), name_of(height));
    let announced_tip = BestPoint { height, hash, work };
    rig.node.publish(Snapshot { announced_tip, ..Snapshot::default() });
    rig
}

fn undurable(heights: std::ops::RangeInclusive<u32>) -> Vec<Reply> {
    vec![Reply::Undurable(heights.map(stored_block).collect())]
}

#[test]
fn a_block_that_is_not_on_the_disk_yet_is_asked_of_the_node() {
    let asked = [Command::GetUndurable { above: 1 }];
    let (answer, commands) = announcing(1, 3).play(&get("/v1/blocks/2"), undurable(2..=3));
    assert!(answer.contains("\"index\":2,") && answer.contains("\"durable\":false"), "{answer}");
    assert_eq!(commands, asked);
    let named = format!("/v1/blocks/{}", name_of(3));
    let (answer, commands) = announcing(1, 3).play(&get(&named), undurable(2..=3));
    assert!(answer.contains("\"index\":3,") && answer.contains("\"durable\":false"), "{answer}");
    assert_eq!(commands, asked);
    let (answer, _) = announcing(1, 3).play(&get("/v1/blocks/3"), undurable(2..=2));
    assert_problem(&answer, 404, "no-such-block");
    // What is on the disk, or is not told of, costs the node nothing.
    for (stored, height, which) in [(3, 3, "3"), (1, 1, "2"), (3, 3, "4")] {
        let path = get(&format!("/v1/blocks/{which}"));
        assert_eq!(announcing(stored, height).play(&path, vec![]).1, []);
    }
}

#[test]
fn a_page_goes_on_with_what_is_not_on_the_disk_yet_where_that_follows() {
    let pages = ["/v1/headers?from=1", "/v1/blocks?from=1"];
    for path in pages {
        let (answer, _) = announcing(1, 3).play(&get(path), undurable(1..=3));
        assert_eq!(answer.matches("\"prev_hash\":").count(), 3, "{answer}");
        assert!(answer.contains("\"next\":null"), "{answer}");
        let limited = get(&format!("{path}&limit=2"));
        let (answer, _) = announcing(1, 3).play(&limited, undurable(2..=3));
        assert_eq!(answer.matches("\"prev_hash\":").count(), 2, "{answer}");
        assert!(answer.contains("\"next\":3"), "{answer}");
        // A page may begin with it, and goes on with nothing from another branch.
        let above = get(&path.replace("from=1", "from=3"));
        let (answer, _) = announcing(1, 3).play(&above, undurable(3..=3));
        assert_eq!(answer.matches("\"prev_hash\":").count(), 1, "{answer}");
        let (answer, _) = announcing(1, 3).play(&get(path), undurable(3..=3));
        assert_eq!(answer.matches("\"prev_hash\":").count(), 1, "{answer}");
    }
}

#[test]
fn what_is_on_the_disk_is_read_also_where_the_node_is_gone_with_what_was_not() {
    let mut rig = announcing(1, 3);
    rig.node = TestNode::new(rig.store.clone()).0;
    assert!(rig.answer(&get("/v1/blocks/1")).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_problem(&rig.answer(&get("/v1/blocks/2")), 404, "no-such-block");
}

#[test]
fn the_status_tells_of_a_block_before_it_is_on_the_disk_and_says_so() {
    let rig = announcing(1, 3);
    let answer = rig.answer(&get("/v1/status"));
    assert!(answer.contains("\"height\":3,") && answer.contains("\"durable\":false"), "{answer}");
    extend(&rig.store, 2..=3);
    let answer = rig.answer(&get("/v1/status"));
    assert!(answer.contains("\"height\":3,") && answer.contains("\"durable\":true"), "{answer}");
    // The snapshot may be older than the disk.
    extend(&rig.store, 4..=4);
    let answer = rig.answer(&get("/v1/status"));
    assert!(answer.contains("\"height\":4,") && answer.contains("\"durable\":true"), "{answer}");
}
