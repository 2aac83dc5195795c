//! Reading a connection: lines within the limits, handed to the node in their order.
//!
//! Owns the pace: what is read while earlier lines are still being decoded, and when reading waits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use kusari_node::interface::PeerId;
use kusari_node::wire::{
    AnswerEnd, Beginning, LineBatch, LineFramer, MAX_PLAIN_LINE, OtherProtocol, Refusal, WireError,
};
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::decode::{Decoded, End, Stretches, decode_here, take_long};
use super::dial::describe;
use super::span::LineSpan;
use super::{LINE_DEADLINE, Net, NetEvent};

/// Bytes read at once from a peer that says little.
pub(super) const READ_BYTES: usize = 4 * 1024;
/// Bytes read at once from a peer that has much to say.
const MAX_READ_BYTES: usize = 64 * 1024;
/// Refused lines that are answered at once; each one more waits first. A right line gives one back.
const FREE_REFUSALS: u32 = 16;
/// That wait. A stranger who sends nonsense gets it read at 20 lines a second.
const REFUSAL_PAUSE: Duration = Duration::from_millis(50);

pub(super) enum ReadEnd {
    /// Nothing more is read, and the node knows why: it closes the connection.
    Told,
    Failed(String),
    /// It is no connection of ours; nothing of it was read as a line.
    Other(OtherProtocol),
}

pub(super) struct Reader<'a> {
    net: &'a Net,
    peer: PeerId,
    address: SocketAddr,
    pub(super) stream: OwnedReadHalf,
    framer: LineFramer,
    /// Whether it is known to be a connection of ours.
    is_ours: bool,
    /// Lines before those of the framer.
    stretches: Stretches,
    /// What all lines here take of the budget of all connections.
    budget: Option<SemaphorePermit<'a>>,
    /// By when the unfinished line is to end.
    deadline: Option<Instant>,
    /// Refused lines in a row.
    refusals: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        net: &'a Net,
        peer: PeerId,
        address: SocketAddr,
        stream: OwnedReadHalf,
    ) -> Self {
        Self {
            net,
            peer,
            address,
            stream,
            framer: LineFramer::default(),
            is_ours: false,
            stretches: Stretches::default(),
            budget: None,
            deadline: None,
            refusals: 0,
        }
    }

    pub(super) async fn read_lines(&mut self) -> ReadEnd {
        match self.read_on().await {
            Ok(end) | Err(end) => end,
        }
    }

    async fn read_on(&mut self) -> Result<ReadEnd, ReadEnd> {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            self.take_lines().await?;
            if self.hold_budget().await? {
                continue;
            }
            let read = tokio::select! {
                biased;
                decoded = self.stretches.next(), if !self.stretches.is_empty() => {
                    self.take_stretch(decoded).await?;
                    continue;
                }
                read = read(&mut self.stream, &mut bytes, self.deadline),
                    if self.stretches.has_room() => read,
            };
            match read {
                Ok(0) => return self.end_of_input().await,
                Ok(count) => {
                    self.net.traffic.note_received(count);
                    self.framer.push(&bytes[..count]);
                    self.look_at_beginning()?;
                    fit_to(count, &mut bytes);
                }
                Err(error) => {
                    self.take_all().await?;
                    if error.kind() != io::ErrorKind::TimedOut {
                        return Ok(ReadEnd::Failed(describe(&error)));
                    }
                    let seconds = LINE_DEADLINE.as_secs();
                    return Ok(self.tell(WireError::Unfinished { seconds }).await);
                }
            }
        }
    }

    fn look_at_beginning(&mut self) -> Result<(), ReadEnd> {
        if !self.is_ours {
            match Beginning::of(self.framer.held()) {
                Beginning::Open => {}
                Beginning::Lines => self.is_ours = true,
                Beginning::Other(other) => return Err(ReadEnd::Other(other)),
            }
        }
        Ok(())
    }

    /// The other side sends nothing more.
    async fn end_of_input(&mut self) -> Result<ReadEnd, ReadEnd> {
        self.take_all().await?;
        if self.framer.buffered() > 0 {
            let bytes = self.framer.buffered();
            let cut_off = Refusal::Malformed(WireError::CutOff { bytes });
            self.give(vec![Err(cut_off)], LineSpan::unfollowed()).await?;
        }
        // The node's thread is gone only when everything ends.
        let _ = self.net.inbox.send(NetEvent::Finished { peer: self.peer }).await;
        Ok(ReadEnd::Told)
    }

    /// Reports a fault after which the rest of the stream makes no sense.
    async fn tell(&self, error: WireError) -> ReadEnd {
        let refused = vec![Err(Refusal::Malformed(error))];
        match self.give(refused, LineSpan::unfollowed()).await {
            Ok(()) => ReadEnd::Told,
            Err(end) => end,
        }
    }

    /// Has the whole lines decoded that are held; few of them wait for those before them.
    async fn take_lines(&mut self) -> Result<(), ReadEnd> {
        while self.framer.has_line() {
            if take_long(self.net.dialect, &self.framer) {
                if !self.stretches.has_room() {
                    return Ok(());
                }
                self.tell_of_answer().await?;
                self.take_elsewhere().await?;
            } else if self.stretches.is_empty() {
                self.tell_of_answer().await?;
                let (rows, end, line) =
                    decode_here(self.net.dialect, self.address, &mut self.framer);
                self.hand_over(rows, line).await?;
                if let End::TooLong(error) = end {
                    return Err(self.tell(error.into()).await);
                }
            } else {
                return Ok(());
            }
            // The deadline of a line runs from its first byte, however many come after.
            self.deadline = None;
        }
        if let Err(error) = self.framer.next_line() {
            self.take_all_stretches().await?;
            return Err(self.tell(error.into()).await);
        }
        match self.framer.buffered() {
            0 => self.deadline = None,
            _ => {
                let _ = self.deadline.get_or_insert_with(|| Instant::now() + LINE_DEADLINE);
            }
        }
        Ok(())
    }

    /// Tells the node where an answer ends with what is held.
    async fn tell_of_answer(&self) -> Result<(), ReadEnd> {
        match AnswerEnd::of(self.framer.held()) {
            Some(end) => self.send(NetEvent::AnswerArrived { peer: self.peer, end }).await,
            None => Ok(()),
        }
    }

    async fn take_elsewhere(&mut self) -> Result<(), ReadEnd> {
        if self.framer.is_introduced() {
            let lines = self.framer.split_off_lines();
            return self
                .stretches
                .push(self.net, self.address, lines, false)
                .await
                .ok_or_else(stopped);
        }
        // A `HELLO` among the lines would decide how long those after it may be.
        let lines = std::mem::take(&mut self.framer);
        self.stretches.push(self.net, self.address, lines, false).await.ok_or_else(stopped)?;
        self.take_all_stretches().await
    }

    async fn take_all(&mut self) -> Result<(), ReadEnd> {
        self.take_all_stretches().await?;
        self.take_lines().await?;
        self.take_all_stretches().await
    }

    async fn take_all_stretches(&mut self) -> Result<(), ReadEnd> {
        while !self.stretches.is_empty() {
            let decoded = self.stretches.next().await;
            self.take_stretch(decoded).await?;
        }
        Ok(())
    }

    /// Hands a decoded stretch to the node.
    async fn take_stretch(&mut self, decoded: Option<Decoded>) -> Result<(), ReadEnd> {
        let Decoded { rows, line, end, rest } = decoded.ok_or_else(stopped)?;
        self.hand_over(rows, line).await?;
        match end {
            // Before `HELLO` all that was held went there, the unfinished line as well.
            End::NeedsBytes if !self.framer.is_introduced() => self.framer = rest,
            End::NeedsBytes => {}
            End::MayGoOn => {
                self.stretches
                    .push(self.net, self.address, rest, true)
                    .await
                    .ok_or_else(stopped)?;
            }
            End::TooLong(error) => return Err(self.tell(error.into()).await),
        }
        Ok(())
    }

    async fn hand_over(&mut self, rows: Vec<LineBatch>, line: LineSpan) -> Result<(), ReadEnd> {
        for row in rows {
            match &row[..] {
                // A verb of a later version costs its sender nothing.
                [Err(Refusal::Malformed(WireError::UnknownVerb(_)))] => {}
                [Err(_)] => {
                    if self.refusals < FREE_REFUSALS {
                        self.refusals += 1;
                    } else {
                        tokio::time::sleep(REFUSAL_PAUSE).await;
                    }
                }
                _ => self.refusals = self.refusals.saturating_sub(1),
            }
            self.give(row, line.clone()).await?;
        }
        Ok(())
    }

    async fn give(&self, row: LineBatch, line: LineSpan) -> Result<(), ReadEnd> {
        self.send(NetEvent::Received { peer: self.peer, row, line }).await
    }

    async fn send(&self, event: NetEvent) -> Result<(), ReadEnd> {
        self.net.inbox.send(event).await.map_err(|_| stopped())
    }

    /// Takes from, or gives back to, the budget of all connections what the lines here hold beyond an
    /// ordinary one. While the budget is spent, this connection is not read. Returns whether lines
    /// were taken meanwhile.
    async fn hold_budget(&mut self) -> Result<bool, ReadEnd> {
        let held = self.stretches.bytes() + self.framer.buffered();
        let missing = self.settle(held);
        if missing == 0 {
            return Ok(false);
        }
        if let Ok(permit) = self.net.budget.try_acquire_many(missing) {
            self.hold(permit);
            return Ok(false);
        }
        // What is decoded must not wait for what somebody else gives back: that one may wait as well.
        let any = !self.stretches.is_empty();
        self.take_all_stretches().await?;
        let missing = self.settle(self.framer.buffered());
        if missing > 0 {
            let deadline = self.deadline.unwrap_or_else(|| Instant::now() + LINE_DEADLINE);
            let Ok(Ok(permit)) = timeout_at(deadline, self.net.budget.acquire_many(missing)).await
            else {
                let reason = "too many long lines are being received".to_string();
                return Err(ReadEnd::Failed(reason));
            };
            self.hold(permit);
        }
        Ok(any)
    }

    /// Gives back what is held and no longer needed. Returns what is missing.
    fn settle(&mut self, bytes: usize) -> u32 {
        let needed = bytes.saturating_sub(MAX_PLAIN_LINE);
        let held = self.budget.as_ref().map_or(0, SemaphorePermit::num_permits);
        if needed == 0 {
            self.budget = None;
        } else if let Some(budget) = &mut self.budget {
            drop(budget.split(held.saturating_sub(needed)));
        }
        u32::try_from(needed.saturating_sub(held)).unwrap_or(u32::MAX)
    }

    fn hold(&mut self, permit: SemaphorePermit<'a>) {
        match &mut self.budget {
            Some(budget) => budget.merge(permit),
            None => self.budget = Some(permit),
        }
    }
}

fn stopped() -> ReadEnd {
    ReadEnd::Failed("the node has stopped".to_string())
}

/// Makes room for more where a read filled what there was, and gives it back after one that took
/// little: many connections are quiet most of the time.
fn fit_to(count: usize, bytes: &mut Vec<u8>) {
    let size = bytes.len();
    if count == size && size < MAX_READ_BYTES {
        bytes.resize(size * 2, 0);
    } else if count < READ_BYTES / 2 && size > READ_BYTES {
        *bytes = vec![0; READ_BYTES];
    }
}

async fn read(
    stream: &mut OwnedReadHalf,
    bytes: &mut [u8],
    deadline: Option<Instant>,
) -> io::Result<usize> {
    match deadline {
        Some(deadline) => timeout_at(deadline, stream.read(bytes)).await?,
        None => stream.read(bytes).await,
    }
}
