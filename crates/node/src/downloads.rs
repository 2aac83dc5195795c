//! Requests in flight: one table of what each peer was asked for and has not answered.
//!
//! A peer answers in order, so its downloads form a queue: an `END` belongs to the oldest download that such an
//! answer can end. A download that is given up stays in its place until its answer comes or the connection
//! ends; otherwise a late `END` would end the request that was sent after it. A peer that owes
//! [`MAX_OWED_ANSWERS`] is asked nothing more.
//!
//! Owns who owes what, since when, how far each answer has come, and when it is given up. Whom to ask
//! for what is decided by the policies over it, which hold no request: [`sync`], [`headers`],
//! [`pending_announcements`], [`missing_payloads`] and [`crate::originals`]. Knows nothing of connections, and reads no block.

mod download;
pub(crate) mod headers;
pub(crate) mod missing_payloads;
pub(crate) mod pending_announcements;
pub(crate) mod sync;
#[cfg(test)]
mod tests;

use kusari_chain::BlockHash;

pub(crate) use self::download::{Answer, Body, Download, Progress, Purpose};
use crate::interface::PeerId;
use crate::limits::{
    HEDGE_AFTER, MAX_BODIES_ASKED, MAX_OWED_ANSWERS, MAX_SYNC_ANSWERS, OWED_TIMEOUT,
};
use crate::originals::LastBlock;
use crate::prelude::*;

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Downloads {
    /// Oldest first. No queue is empty.
    #[serde(rename = "rows")]
    by_peer: BTreeMap<PeerId, VecDeque<Download>>,
}

impl Downloads {
    /// Whether the peer may be asked for one thing more.
    pub(crate) fn has_room(&self, peer: PeerId) -> bool {
        self.of(peer).filter(|download| download.is_owed()).count() < MAX_OWED_ANSWERS
    }

    /// Whether nothing is being asked of the peer. What was given up does not count.
    pub(crate) fn is_idle(&self, peer: PeerId) -> bool {
        self.has_room(peer) && self.of(peer).all(|download| download.is_abandoned)
    }

    /// Notes a request that is being sent. The caller has asked whether there is room.
    pub(crate) fn ask(&mut self, peer: PeerId, answer: Answer, purpose: Purpose, now: Duration) {
        self.by_peer.entry(peer).or_default().push_back(Download::new(answer, purpose, now));
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.by_peer.remove(&peer);
    }

    fn of(&self, peer: PeerId) -> impl Iterator<Item = &Download> {
        self.by_peer.get(&peer).into_iter().flatten()
    }

    /// Everything that is being asked of a peer and was not given up.
    fn live(&self) -> impl Iterator<Item = (PeerId, &Download)> {
        let downloads = self
            .by_peer
            .iter()
            .flat_map(|(&peer, downloads)| downloads.iter().map(move |r| (peer, r)));
        downloads.filter(|(_, download)| !download.is_abandoned)
    }

    fn live_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut Download)> {
        let downloads = self
            .by_peer
            .iter_mut()
            .flat_map(|(&peer, downloads)| downloads.iter_mut().map(move |r| (peer, r)));
        downloads.filter(|(_, download)| !download.is_abandoned)
    }

    fn take(&mut self, peer: PeerId, which: impl FnMut(&Download) -> bool) -> Option<Download> {
        let downloads = self.by_peer.get_mut(&peer)?;
        let place = downloads.iter().position(which)?;
        let download = downloads.remove(place);
        if downloads.is_empty() {
            self.by_peer.remove(&peer);
        }
        download
    }

    /// An `END` came: takes the download that it ends. Blocks by their hashes are sent at once, those that
    /// follow one another when it is their turn. One that no download asked for in this form ends the oldest
    /// that waits for any.
    pub(crate) fn ended(
        &mut self,
        peer: PeerId,
        count: u32,
        missing: &[BlockHash],
    ) -> Option<Download> {
        let fits = |download: &Download| download.answer().fits(count, missing.len());
        let is_at_once =
            |download: &Download| fits(download) && matches!(download.answer(), Answer::Hashes(_));
        self.take(peer, is_at_once)
            .or_else(|| self.take(peer, fits))
            .or_else(|| self.take(peer, |download| download.answer().has_end()))
    }

    /// `ERROR` with the code `busy` came. A request is refused as soon as it is read, before those that
    /// were accepted are answered: so it is the newest.
    pub(crate) fn refused(&mut self, peer: PeerId) -> Option<Download> {
        let downloads = self.by_peer.get_mut(&peer)?;
        let place = downloads.iter().rposition(Download::is_owed)?;
        let download = downloads.remove(place);
        if downloads.is_empty() {
            self.by_peer.remove(&peer);
        }
        download
    }

    /// `HEADERS` came: takes the download that asked for them. A late one counts unless the peer was asked
    /// anew.
    pub(crate) fn headers_came(&mut self, peer: PeerId, now: Duration) -> Option<Download> {
        let mut download = self.take(peer, |download| *download.answer() == Answer::Headers)?;
        if download.is_abandoned && !self.is_syncing(peer) {
            download.revive(now);
        }
        Some(download)
    }

    /// A new block came: a late answer counts unless the peer was asked anew.
    fn stream_moved(&mut self, peer: PeerId, now: Duration) {
        if self.is_syncing(peer) {
            return;
        }
        let is_late = |download: &&mut Download| {
            matches!((download.purpose(), download.answer()), (Purpose::Sync(_), Answer::Stream(_)))
        };
        let downloads = self.by_peer.get_mut(&peer).into_iter().flatten();
        if let Some(download) = downloads.filter(|download| download.is_abandoned).find(is_late) {
            download.revive(now);
        }
    }

    /// The peer is asked for more of what it is being asked to catch up.
    pub(crate) fn ask_on(&mut self, peer: PeerId, answer: Answer) {
        if let Some(mut download) = self.take_sync(peer) {
            download.go_on(answer, download.moved_at);
            self.by_peer.entry(peer).or_default().push_back(download);
        }
    }

    /// A download goes on after a part of its answer, with what follows from that.
    pub(crate) fn go_on(
        &mut self,
        peer: PeerId,
        mut download: Download,
        answer: Answer,
        now: Duration,
    ) {
        download.go_on(answer, now);
        self.by_peer.entry(peer).or_default().push_back(download);
    }

    /// Gives up what is late. Returns what was given up.
    pub(crate) fn give_up_late(&mut self, now: Duration) -> Vec<(PeerId, Download)> {
        let mut late = Vec::new();
        for (peer, download) in self.live_mut() {
            if download.deadline().is_some_and(|deadline| now >= deadline) {
                late.push((peer, download.abandon()));
            }
        }
        // What owes no answer leaves nothing to wait for, and in the end no answer comes.
        let may_come =
            |download: &Download| download.is_owed() && now < download.sent_at + OWED_TIMEOUT;
        self.by_peer.retain(|_, downloads| {
            downloads.retain(|download| !download.is_abandoned || may_come(download));
            !downloads.is_empty()
        });
        late
    }

    /// When [`Downloads::give_up_late`] has something next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.live().filter_map(|(_, download)| download.deadline()).min()
    }

    /// Whether the peer is being asked for its chain.
    pub(crate) fn is_syncing(&self, peer: PeerId) -> bool {
        self.of(peer).any(Download::is_sync)
    }

    /// Whether any peer is.
    pub(crate) fn is_any_syncing(&self) -> bool {
        self.live().any(|(_, download)| download.is_sync())
    }

    /// How many blocks were asked of the peer for its chain, where that is one request.
    fn only_stream(&self, peer: PeerId) -> Option<u32> {
        let mut asked = self.of(peer).filter(|download| download.is_sync());
        match (asked.next().map(Download::answer), asked.next()) {
            (Some(Answer::Stream(limit)), None) => Some(*limit),
            _ => None,
        }
    }

    fn syncing(&self) -> impl Iterator<Item = (PeerId, &Download, &Progress)> {
        self.live().filter_map(|(peer, download)| match download.purpose() {
            Purpose::Sync(progress) => Some((peer, download, progress)),
            _ => None,
        })
    }

    fn syncing_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut Download)> {
        self.live_mut().filter(|(_, download)| download.is_sync())
    }

    fn sync_of(&mut self, peer: PeerId) -> Option<&mut Download> {
        self.by_peer.get_mut(&peer)?.iter_mut().find(|download| download.is_sync())
    }

    /// Ends what the peer is being asked for its chain, whatever it still sends.
    fn take_sync(&mut self, peer: PeerId) -> Option<Download> {
        self.take(peer, Download::is_sync)
    }

    /// Whether the peer owes a block that it announced, however late.
    fn owes_announced(&self, peer: PeerId) -> bool {
        self.of(peer).any(|download| matches!(download.purpose(), Purpose::Announced(_)))
    }

    /// Whether a peer is being asked for this block by itself.
    fn is_announced_asked(&self, hash: &BlockHash) -> bool {
        self.live().any(
            |(_, download)| matches!(download.purpose(), Purpose::Announced(one) if one == hash),
        )
    }

    /// Whether the peer is being asked for bodies.
    fn owes_bodies(&self, peer: PeerId) -> bool {
        let is_live = |download: &Download| !download.is_abandoned;
        self.of(peer).any(|download| {
            is_live(download) && matches!(download.purpose(), Purpose::Bodies { .. })
        })
    }

    fn bodies_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut Download)> {
        self.live_mut().filter(|(_, download)| matches!(download.purpose(), Purpose::Bodies { .. }))
    }

    /// Bodies that are asked for, of one peer each.
    fn bodies_asked(&self) -> usize {
        let asked = self.live().map(|(_, download)| match download.purpose() {
            Purpose::Bodies { bodies, is_shared: false, .. } => bodies.len(),
            _ => 0,
        });
        asked.sum()
    }

    /// When the next peer stands still that is asked for bodies.
    fn slow_bodies_at(&self) -> Option<Duration> {
        let moving = self.live().filter(|(_, download)| {
            matches!(download.purpose(), Purpose::Bodies { is_shared: false, .. })
        });
        moving.map(|(_, download)| download.moved_at + HEDGE_AFTER).min()
    }

    /// Peers that are asked for what others are asked for as well.
    fn bodies_shared(&self) -> usize {
        let is_shared = |download: &Download| {
            matches!(download.purpose(), Purpose::Bodies { is_shared: true, .. })
        };
        self.live().filter(|(_, download)| is_shared(download)).count()
    }

    /// Whether a body is asked for that did not come.
    fn is_any_body_asked(&self) -> bool {
        let waits = |download: &Download| match download.purpose() {
            Purpose::Bodies { bodies, .. } => !bodies.is_empty(),
            _ => false,
        };
        self.live().any(|(_, download)| waits(download))
    }

    /// Forgets which bodies were asked for: their answers are waited for, and lead to nothing.
    fn abandon_bodies(&mut self) {
        self.bodies_mut().for_each(|(_, download)| drop(download.abandon()));
    }

    /// Whether the peer is being asked for all it has, in the way of an original.
    pub(crate) fn owes_chain(&self, peer: PeerId) -> bool {
        self.of(peer).any(Download::is_chain)
    }

    /// When the last line of that answer came, or it was asked for.
    pub(crate) fn chain_moved_at(&self, peer: PeerId) -> Option<Duration> {
        self.of(peer).find(|download| download.is_chain()).map(|download| download.moved_at)
    }

    /// A line of that answer came: what its last block is now, given what it was; and when it moved,
    /// given when it was asked for, where the line prolongs it.
    pub(crate) fn chain_moved(
        &mut self,
        peer: PeerId,
        last: impl Fn(LastBlock) -> LastBlock,
        moved_at: impl Fn(Duration) -> Option<Duration>,
    ) {
        let downloads = self.by_peer.get_mut(&peer).into_iter().flatten();
        for download in downloads.filter(|download| download.is_chain()) {
            download.moved_at = moved_at(download.sent_at).unwrap_or(download.moved_at);
            if let Purpose::Chain { last: before, .. } = download.purpose_mut() {
                *before = last(*before);
            }
        }
    }

    /// Nothing is read from peers for now, so silence ends no answer.
    pub(crate) fn nothing_is_read(&mut self, now: Duration) {
        self.live_mut()
            .filter(|(_, download)| download.is_chain())
            .for_each(|(_, download)| download.moved_at = now);
    }

    /// That answer is over. Returns its last block, and the orphan that it was to bring.
    pub(crate) fn take_chain(&mut self, peer: PeerId) -> Option<(LastBlock, Option<BlockHash>)> {
        match self.take(peer, Download::is_chain)?.into_purpose()? {
            Purpose::Chain { last, orphan } => Some((last, orphan)),
            _ => None,
        }
    }

    /// Whether it holds no more than it would by itself, and only of peers that `exist`: it may come
    /// from a stranger's file.
    pub(crate) fn is_within_bounds(&self, exists: impl Fn(PeerId) -> bool) -> bool {
        let is_sound = |(peer, downloads): (&PeerId, &VecDeque<Download>)| {
            let owed = downloads.iter().filter(|download| download.is_owed()).count();
            let syncing = downloads.iter().filter(|download| download.is_sync()).count();
            let chains = downloads.iter().filter(|download| download.is_chain()).count();
            let is_single = syncing <= MAX_SYNC_ANSWERS
                && chains <= 1
                && downloads.len() <= owed + syncing + chains;
            exists(*peer) && owed <= MAX_OWED_ANSWERS && is_single
        };
        self.by_peer.iter().all(is_sound)
            && self.bodies_asked() <= MAX_BODIES_ASKED
            && self.live().all(|(_, download)| download.is_within_bounds())
    }
}
