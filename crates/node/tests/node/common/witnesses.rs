//! What witnesses add to the bench: keys that say what they saw.

use std::time::Duration;

use kusari_chain::Block;
use kusari_chain::ledger::{PublicKey, UnsignedStatement, WitnessStatement};
use kusari_node::interface::PeerId;
use kusari_node::wire::Message;
use kusari_node::{
    Action, Event, Input, LastStatement, MiningPolicy, NodeConfig, WitnessConfig, WitnessMemory,
    WitnessStop,
};

use super::ledger::{Maker, Person, START, config, events, give};
use super::{Bench, sent_to};

/// How long a node says nothing more.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// The keys of witnesses are those of people with these numbers.
pub const OWN: u8 = 40;
pub const LISTED: u8 = 41;
pub const STRANGER: u8 = 42;

pub fn witnessing() -> NodeConfig {
    let mut config = config(MiningPolicy::Off);
    let listed = vec![Person::new(LISTED).public];
    let ledger = config.ledger.as_mut().unwrap();
    let (own, memory) = (Some(Person::new(OWN).public), WitnessMemory::Nothing);
    ledger.witnesses = WitnessConfig { own, memory, listed };
    config
}

/// The same, of a key of which the driver remembers this.
pub fn remembering(memory: WitnessMemory) -> NodeConfig {
    let mut config = witnessing();
    config.ledger.as_mut().unwrap().witnesses.memory = memory;
    config
}

/// What the driver would remember after this statement.
pub fn last(statement: &WitnessStatement) -> WitnessMemory {
    WitnessMemory::Last(LastStatement::from(statement))
}

/// What the driver is to remember.
pub fn to_remember(actions: &[Action]) -> Vec<WitnessMemory> {
    let memory = actions.iter().filter_map(|action| match action {
        Action::RememberWitness(memory) => Some(*memory),
        _ => None,
    });
    memory.collect()
}

/// A node that has so many blocks, and whoever made them.
pub fn with_blocks(config: NodeConfig, count: usize) -> (Bench, Maker) {
    let (mut bench, mut maker) = (Bench::new(config), Maker::new(1));
    (0..count).for_each(|_| drop(maker.next(&[])));
    if count > 0 {
        give(&mut bench, &maker);
    }
    (bench, maker)
}

pub fn block(maker: &Maker, place: usize) -> &Block {
    maker.blocks[place].block()
}

pub fn asked(actions: &[Action]) -> Option<UnsignedStatement> {
    actions.iter().find_map(|action| match action {
        Action::SignStatement(statement) => Some(*statement),
        _ => None,
    })
}

/// The statements that a peer is sent, in order.
pub fn statements_to(actions: &[Action], peer: PeerId) -> Vec<WitnessStatement> {
    let sent = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::Witness(statement) => Some(**statement),
        _ => None,
    });
    sent.collect()
}

pub fn state(bench: &mut Bench, peer: PeerId, statement: WitnessStatement) -> Vec<Action> {
    bench.receive(peer, Message::Witness(Box::new(statement)))
}

/// Signs what the node asks for, as its driver does.
pub fn sign(bench: &mut Bench, asked: UnsignedStatement) -> (WitnessStatement, Vec<Action>) {
    let signed = Person::new(OWN).state_what(asked);
    (signed, bench.give(Input::StatementSigned(signed)))
}

pub fn kept_of(bench: &Bench, key: PublicKey) -> usize {
    let kept = bench.disk.witnessed.borrow();
    kept.statements.keys().filter(|(of, _)| *of == key).count()
}

pub fn is_convicted(bench: &Bench, key: PublicKey) -> bool {
    bench.disk.witnessed.borrow().equivocations.contains_key(&key)
}

pub fn stop(actions: &[Action]) -> Option<WitnessStop> {
    events(actions).into_iter().find_map(|event| match event {
        Event::WitnessingStopped { why } => Some(*why),
        _ => None,
    })
}

/// A key that nobody has seen: nothing is asked of it but signatures.
pub fn fresh(number: usize) -> Person {
    let [.., high, low] = number.to_be_bytes();
    Person::numbered([high, low])
}

pub fn two_words(person: &Person, maker: &Maker) -> [WitnessStatement; 2] {
    let first = person.state(0, block(maker, 0));
    [first, person.state_what(UnsignedStatement { time: START + 1, ..first.unsigned() })]
}
