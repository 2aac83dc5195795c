//! Two nodes whose connection breaks and comes back.

use super::support::{Node, Proxy, Setup, one_chain_of};

#[test]
fn a_healed_partition_keeps_every_line_of_both_sides_once() {
    let mut a = Node::start("A");
    let cable = Proxy::new(a.port);
    let mut b = Setup::new("B").connect(cable.port).start();
    a.say("before");
    b.wait_for("Added new block index=1, ");

    cable.cut();
    a.wait_for("Disconnected from ");
    b.wait_for("Disconnected from ");
    let mut said = vec![String::from("before")];
    // The side with less work loses: its two blocks leave the chain and their lines come back.
    for number in 1..=4 {
        said.push(format!("winner {number}"));
        a.say(said.last().unwrap());
    }
    for number in 1..=2 {
        said.push(format!("loser {number}"));
        b.say(said.last().unwrap());
    }
    a.wait_for("Added new block index=5, ");
    b.wait_for("Added new block index=3, ");
    assert_eq!(a.chain().0.len(), 5);

    cable.mend();
    let reorganised = b.wait_for("Reorganised ");
    assert!(reorganised.contains("2 blocks deep"), "{reorganised}");
    b.wait_for_nth("the line will be mined again", 2);
    let chain = one_chain_of(&[&a, &b], &said);
    assert_eq!(chain.data()[..5], ["before", "winner 1", "winner 2", "winner 3", "winner 4"]);
    assert_eq!(a.out.count("Reorganised "), 0);
}

#[test]
fn lines_said_during_many_short_partitions_are_all_kept_once() {
    let mut a = Node::start("A");
    let cable = Proxy::new(a.port);
    let mut b = Setup::new("B").connect(cable.port).start();
    let mut said = Vec::new();
    for round in 1..=3 {
        // Not just connected: the cable has the connection, so it is cut below.
        b.wait_for_nth("introduced itself", round);
        for number in 1..=3 {
            for (name, node) in [("A", &mut a), ("B", &mut b)] {
                said.push(format!("round {round} line {number} on {name}"));
                node.say(said.last().unwrap());
            }
            if number == 1 {
                cable.cut();
            }
        }
        cable.mend();
    }
    one_chain_of(&[&a, &b], &said);
}
