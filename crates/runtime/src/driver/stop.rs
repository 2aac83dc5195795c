//! A clean stop: how long it waits for the store and for peers.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Control, Driver, Input, NetEvent, RunError};

/// How long a clean stop waits for writes to the store and to peers.
const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// How long a clean stop gives connections to take their last lines.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

impl Driver {
    /// Stops cleanly: what is being committed is waited for and acknowledged.
    pub(super) async fn stop(
        &mut self,
        from_net: &mut mpsc::Receiver<NetEvent>,
        from_control: &mut mpsc::UnboundedReceiver<Control>,
    ) -> Result<(), RunError> {
        self.stopping = true;
        self.miner.stop();
        if let Some(until) = self.node.held_commit_deadline() {
            tokio::time::sleep_until(self.clock.instant_of(until)).await;
            self.give(Input::Tick)?;
        }
        self.commit();
        let commits = async {
            while !self.then.is_empty() {
                match from_control.recv().await {
                    Some(control @ (Control::Committed(_) | Control::CommitFailed(_))) => {
                        self.control(control)?;
                        self.commit();
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            Ok(())
        };
        let result = timeout(STOP_DEADLINE, commits).await.unwrap_or(Ok(()));
        self.requests.clear();
        for peer in self.peers.values() {
            peer.close();
        }
        let ends = async {
            while !self.peers.is_empty() {
                match from_net.recv().await {
                    Some(NetEvent::Disconnected { peer, .. }) => drop(self.peers.remove(&peer)),
                    Some(_) => {}
                    None => break,
                }
            }
        };
        // Whoever does not take its last lines in time goes without them.
        let _ = timeout(FLUSH_DEADLINE, ends).await;
        result
    }
}
