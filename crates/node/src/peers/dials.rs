//! Addresses that a person asked us to keep connected, and when each is dialled again.

use core::net::IpAddr;

use crate::address::PeerAddress;
use crate::limits::{REDIAL_FIRST, REDIAL_MAX, REDIAL_RESET};
use crate::prelude::*;
use crate::random::Random;
use crate::wire::InstanceId;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Waits until this time.
    Waiting(Duration),
    Dialling,
    /// Given up while it was dialled; what comes of that is closed.
    GivenUp,
    Connected {
        since: Duration,
    },
    /// This node is connected by another way; dialled again when it no longer is.
    Covered(InstanceId),
    /// It leads to ourselves and is never dialled again.
    Ourselves,
}

#[derive(Serialize, Deserialize)]
struct Dial {
    state: State,
    /// Another address of the name is being dialled, beside one that is connected and says nothing.
    #[serde(default)]
    beside: bool,
    /// The wait after the next failure, before jitter.
    delay: Duration,
}

impl Dial {
    fn at(time: Duration) -> Self {
        Self { state: State::Waiting(time), beside: false, delay: REDIAL_FIRST }
    }

    /// Whether what is dialled leads to a peer that is connected by no other way.
    fn is_wanted(&self) -> bool {
        matches!(self.state, State::Waiting(_) | State::Dialling | State::Connected { .. })
    }
}

/// How an outbound connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialEnd {
    /// It failed, or was lost.
    Lost,
    /// We closed it for what the peer did.
    Misbehaved,
    /// The same node is connected by another way.
    Covered(InstanceId),
    /// It led to ourselves.
    Ourselves,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Dials {
    dials: BTreeMap<PeerAddress, Dial>,
    limit: usize,
}

impl Dials {
    pub(crate) fn new(limit: usize) -> Self {
        Self { dials: BTreeMap::new(), limit }
    }

    /// How many addresses there may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Adds an address, to be dialled at once, also where the next try waits. `None` where there are too
    /// many, `Some(false)` where it is there already.
    pub(crate) fn add(&mut self, address: PeerAddress, now: Duration) -> Option<bool> {
        if let Some(dial) = self.dials.get_mut(&address) {
            match dial.state {
                State::Waiting(_) => {
                    *dial = Dial::at(now);
                }
                State::GivenUp => {
                    dial.state = State::Dialling;
                    return Some(true);
                }
                _ => {}
            }
            return Some(false);
        }
        if self.dials.len() >= self.limit {
            return None;
        }
        self.dials.insert(address, Dial::at(now));
        Some(true)
    }

    /// Dials an address no more, and says whether it was one of these.
    pub(crate) fn remove(&mut self, address: &PeerAddress) -> bool {
        match self.dials.get_mut(address) {
            Some(Dial { state: State::GivenUp, .. }) => false,
            Some(dial) if dial.beside || matches!(dial.state, State::Dialling) => {
                dial.state = State::GivenUp;
                true
            }
            _ => self.dials.remove(address).is_some(),
        }
    }

    /// Dials no more what a node covers on this host, and says whether there was any. Only on this host: an
    /// instance id is a claim.
    pub(crate) fn remove_covered(&mut self, node: Option<InstanceId>, host: IpAddr) -> bool {
        let before = self.dials.len();
        self.dials.retain(|address, dial| {
            !matches!(dial.state, State::Covered(by) if Some(by) == node) || !address.is_on(host)
        });
        self.dials.len() < before
    }

    /// How many addresses are dialled, or connected.
    pub(crate) fn wanted(&self) -> u64 {
        self.dials.values().filter(|dial| dial.is_wanted()).count() as u64
    }

    /// Notes that another address of this name is dialled; `false` where one is already.
    pub(crate) fn dial_beside(&mut self, address: &PeerAddress) -> bool {
        let dial = self.dials.get_mut(address).filter(|dial| dial.is_wanted() && !dial.beside);
        dial.map(|dial| dial.beside = true).is_some()
    }

    /// Notes that no other address was reached; `false` where none was dialled.
    pub(crate) fn failed_beside(&mut self, address: &PeerAddress) -> bool {
        let Some(dial) = self.dials.get_mut(address).filter(|dial| dial.beside) else {
            return false;
        };
        dial.beside = false;
        if matches!(dial.state, State::GivenUp) {
            self.dials.remove(address);
        }
        true
    }

    /// Takes the addresses that are to be dialled now.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<PeerAddress> {
        let mut due = Vec::new();
        for (address, dial) in &mut self.dials {
            if matches!(dial.state, State::Waiting(until) if until <= now) {
                dial.state = State::Dialling;
                due.push(address.clone());
            }
        }
        due
    }

    /// Notes a connection, and says whether it is still wanted.
    pub(crate) fn connected(&mut self, address: &PeerAddress, now: Duration) -> bool {
        match self.dials.get_mut(address) {
            Some(Dial { state: State::GivenUp, .. }) => {
                self.dials.remove(address);
                return false;
            }
            Some(dial) => (dial.state, dial.beside) = (State::Connected { since: now }, false),
            None => {}
        }
        true
    }

    /// Notes how a connection ended. Returns the wait before the next try, where there is one.
    pub(crate) fn ended(
        &mut self,
        address: &PeerAddress,
        end: DialEnd,
        now: Duration,
        random: &mut Random,
    ) -> Option<Duration> {
        let dial = self.dials.get_mut(address)?;
        match (end, &dial.state) {
            (_, State::GivenUp) => {
                self.dials.remove(address);
                return None;
            }
            // The connection was given up by choice before the driver reports its end.
            (DialEnd::Lost | DialEnd::Misbehaved, State::Covered(_) | State::Ourselves) => {
                return None;
            }
            (DialEnd::Covered(node), _) => {
                dial.state = State::Covered(node);
                return None;
            }
            (DialEnd::Ourselves, _) => {
                dial.state = State::Ourselves;
                return None;
            }
            (DialEnd::Lost, State::Connected { since }) if now >= *since + REDIAL_RESET => {
                dial.delay = REDIAL_FIRST;
            }
            // However long it lasted: what it sends costs more than what a dial does.
            (DialEnd::Misbehaved, _) => dial.delay = REDIAL_MAX,
            _ => {}
        }
        // Up to a quarter more, so that nodes which lost a peer together do not come back together.
        let quarter = u64::try_from(dial.delay.as_millis() / 4).unwrap_or(0);
        let wait = dial.delay + Duration::from_millis(random.below(quarter + 1));
        dial.state = State::Waiting(now + wait);
        dial.delay = (dial.delay * 2).min(REDIAL_MAX);
        Some(wait)
    }

    /// A connection to a node, or to one that said so, is gone: addresses that were covered by it are
    /// dialled again. Where another one is left, the node says so again.
    pub(crate) fn uncover(&mut self, node: InstanceId, now: Duration) {
        for dial in self.dials.values_mut() {
            if matches!(dial.state, State::Covered(covering) if covering == node) {
                // Whoever comes and goes under that name makes us dial less and less often.
                dial.state = State::Waiting(now + dial.delay);
                dial.delay = (dial.delay * 2).min(REDIAL_MAX);
            }
        }
    }

    /// When [`Dials::due`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let waits = |dial: &Dial| match dial.state {
            State::Waiting(until) => Some(until),
            _ => None,
        };
        self.dials.values().filter_map(waits).min()
    }
}
