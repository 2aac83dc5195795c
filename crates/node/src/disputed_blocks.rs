//! Peers that say that blocks of this node break the rules.
//!
//! A block that changed on disk is refused by every honest peer, and so are all above it. One peer that
//! says so may lie or follow other rules; peers of [`REFUSING_NETWORKS`] networks are reason enough to
//! audit the store. Anybody with addresses in as many networks can have that audit made, so it is made once
//! in [`AUDIT_INTERVAL`] at most, and where it finds nothing, what they say counts for nothing.
//!
//! Owns who said so, and whether an audit is due. Reads no block.

use core::net::IpAddr;

use crate::limits::{AUDIT_INTERVAL, REFUSING_NETWORKS};
use crate::peers::network;
use crate::prelude::*;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockRefusals {
    /// One address of each network, and when a peer there refused a block last.
    networks: BTreeMap<IpAddr, Duration>,
    /// Whether an audit is under way.
    auditing: bool,
    /// When the last audit ended.
    audited_at: Option<Duration>,
    /// What it found first.
    finding: Option<String>,
}

/// Whether a refusal with this code speaks of what is in a block: an altered one breaks such a rule.
fn speaks_of_content(code: &str) -> bool {
    matches!(
        code,
        "bad-hash"
            | "too-little-work"
            | "bad-index"
            | "bad-link"
            | "bad-commitment"
            | "above-target"
            | "bad-body-count"
            | "bad-body-root"
            | "bad-target"
            | "bad-history-root"
            | "bad-state-root"
            | "bad-signature"
            | "payload-mismatch"
    )
}

impl BlockRefusals {
    /// An introduced peer sent an `ERROR` with this code. Returns whether the store is to be audited now.
    pub(crate) fn refused(&mut self, address: IpAddr, code: &str, now: Duration) -> bool {
        if !speaks_of_content(code) || self.auditing {
            return false;
        }
        self.networks.retain(|_, at| now < *at + AUDIT_INTERVAL);
        self.networks.insert(network(address), now);
        let is_due = self.audited_at.is_none_or(|at| now >= at + AUDIT_INTERVAL);
        if self.networks.len() < REFUSING_NETWORKS {
            return false;
        }
        // More than are needed are not remembered.
        if !is_due {
            self.networks.clear();
        }
        self.auditing = is_due;
        is_due
    }

    /// The audit is over.
    pub(crate) fn audited(&mut self, finding: Option<String>, now: Duration) {
        self.networks.clear();
        self.auditing = false;
        self.audited_at = Some(now);
        self.finding = finding.or(self.finding.take());
    }

    /// Peers of different networks whose refusals are being looked into.
    pub(crate) fn under_audit(&self) -> u64 {
        if self.auditing { self.networks.len() as u64 } else { 0 }
    }

    pub(crate) fn finding(&self) -> Option<&String> {
        self.finding.as_ref()
    }

    /// Whether no more is remembered than may be: it may come from a stranger's file.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.networks.len() <= REFUSING_NETWORKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(network: u8, host: u8) -> IpAddr {
        IpAddr::from([20, network, 0, host])
    }

    #[test]
    fn peers_of_three_networks_have_the_store_audited_and_a_crowd_in_one_does_not() {
        let mut refusals = BlockRefusals::default();
        for host in 0..100 {
            assert!(!refusals.refused(address(1, host), "bad-hash", SECOND));
        }
        assert!(!refusals.refused(address(2, 1), "bad-hash", SECOND));
        assert!(!refusals.refused(address(3, 1), "busy", SECOND), "it says nothing of a block");
        assert!(refusals.refused(address(3, 1), "bad-body-root", SECOND));
        assert_eq!(refusals.under_audit(), 3);
        refusals.audited(Some(String::from("block 3")), SECOND);
        assert_eq!((refusals.under_audit(), refusals.finding().unwrap().as_str()), (0, "block 3"));
    }

    #[test]
    fn liars_have_no_more_than_one_audit_made_in_each_interval() {
        let mut refusals = BlockRefusals::default();
        let mut audits = 0;
        for second in 0..(3 * AUDIT_INTERVAL.as_secs() as u32) {
            let network = (second % 200) as u8;
            if refusals.refused(address(network, 1), "bad-hash", second * SECOND) {
                audits += 1;
                refusals.audited(None, second * SECOND);
            }
            assert!(refusals.is_within_bounds());
        }
        assert_eq!(audits, 3);
        assert!(refusals.finding().is_none());
    }

    #[test]
    fn refusals_that_are_long_apart_do_not_add_up() {
        let mut refusals = BlockRefusals::default();
        for number in 0..5_u8 {
            let at = u32::from(number) * (AUDIT_INTERVAL / 2);
            assert!(!refusals.refused(address(number, 1), "bad-hash", at));
        }
    }
}
