use kusari_chain::Block;
use kusari_chain::Target;
use kusari_node::store::{OutboxWrite, StoreBatch};
use kusari_node::{NodeConfig, Snapshot};

use tokio::sync::watch;

use super::*;

/// A driver over a store in memory, and what leads to it.
struct Driven {
    driver: Driver,
    from_net: mpsc::Receiver<NetEvent>,
    from_control: mpsc::UnboundedReceiver<Control>,
}

fn driven() -> Driven {
    let store = Store::ephemeral().unwrap();
    let stores = (Box::new(store.clone()), Box::new(store.clone()));
    let node = Node::new(NodeConfig::default(), stores.0, stores.1).unwrap();
    let (inbox, from_net) = mpsc::channel(1);
    let (streams, _) = mpsc::unbounded_channel();
    let (control, from_control) = mpsc::unbounded_channel();
    let parts = Parts {
        node,
        journal: None,
        net: Net::new(Dialect::Classic, 1, store.clone(), inbox, streams, None),
        clock: Clock::start(),
        counts: Arc::new(Counts::since(0)),
        shown: Shown::new(watch::channel(Arc::new(Snapshot::default())).0, Box::new(|_| {})),
        control,
        config: RuntimeConfig::default(),
    };
    Driven { driver: Driver::new(parts, store).unwrap(), from_net, from_control }
}

/// A search that finds nothing.
fn search() -> Action {
    let target = Target::from_be_bytes([0; 32]);
    Action::Mine { template_id: TemplateId(1), template: Block::genesis(), target }
}

#[tokio::test]
async fn a_commit_that_becomes_durable_during_a_stop_does_not_start_the_miner_again() {
    let Driven { mut driver, mut from_net, mut from_control } = driven();
    driver.carry_out(vec![search()]).unwrap();
    assert!(driver.miner.is_searching());
    let (id, batch, then) = (CommitId(1), StoreBatch::default(), vec![search()]);
    driver.carry_out(vec![Action::Commit { id, batch, then }]).unwrap();
    driver.stop(&mut from_net, &mut from_control).await.unwrap();
    assert!(driver.then.is_empty(), "the commit was waited for");
    assert!(!driver.miner.is_searching());
}

#[tokio::test]
async fn an_audit_that_the_node_asks_for_is_made_beside_everything_else_and_answered() {
    let Driven { mut driver, mut from_control, .. } = driven();
    driver.carry_out(vec![Action::Audit]).unwrap();
    let answer = from_control.recv().await;
    assert!(matches!(answer, Some(Control::Audited(None))), "the store is sound");
    driver.control(Control::Audited(Some(String::from("block 3 is another one")))).unwrap();
    let [hindrance] = &driver.node.snapshot().hindrances[..] else { panic!("it says nothing") };
    assert!(hindrance.is_unready() && hindrance.to_string().contains("block 3"), "{hindrance}");
}

#[tokio::test]
async fn a_node_hears_of_its_disk_before_it_takes_anything() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let limit = store.file_bytes();
    let Driven { mut driver, from_control, .. } = driven();
    let control = mpsc::unbounded_channel().0;
    driver.storage = Storage::watch(store.clone(), Some(limit * 4), control.clone());
    driver.tell_of_storage().unwrap();
    assert!(driver.node.snapshot().hindrances.is_empty());
    driver.storage = Storage::watch(store, Some(limit), control);
    driver.tell_of_storage().unwrap();
    drop(from_control);
    let hindrances = driver.node.snapshot().hindrances;
    assert!(matches!(hindrances[..], [kusari_node::Hindrance::StoreFull { .. }]), "{hindrances:?}");
}

#[test]
fn a_store_that_grows_is_warned_of_before_it_is_full_and_is_full_near_its_limit() {
    const LIMIT_BYTES: u64 = 24 << 20;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let control = mpsc::unbounded_channel().0;
    let mut storage = Storage::watch(store.clone(), Some(LIMIT_BYTES), control);
    let (mut next_id, mut warned, mut text_bytes, mut noise) = (1, false, 0, 1_u64);
    loop {
        let state = storage.news();
        let is = |told: fn(&kusari_node::StorageState) -> bool| state.as_ref().is_some_and(told);
        if is(kusari_node::StorageState::is_full) {
            break;
        }
        warned |= is(kusari_node::StorageState::fills_up);
        let mut outbox = Vec::new();
        for id in next_id..next_id + 500 {
            let mut text = String::new();
            while text.len() < 960 {
                // Nothing that a file system makes smaller.
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text += &format!("{noise:016x}");
            }
            text_bytes += text.len() as u64;
            outbox.push(OutboxWrite::Insert { id, text, draft: None });
        }
        next_id += 500;
        store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
    }
    assert!(warned, "it is full without a warning, with {text_bytes} bytes of text");
    assert!(text_bytes > LIMIT_BYTES / 2, "it is full with {text_bytes} bytes of text");
}
