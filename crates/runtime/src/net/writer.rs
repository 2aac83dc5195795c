//! Writing to a connection: lines and streams of stored blocks, in the order they were queued.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use kusari_chain::{StoreError, StoreResult};
use kusari_node::interface::{PeerId, StreamForm};
use kusari_node::wire::{HeadersLine, MAX_HEADERS, Message, encode, encode_whole_block};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::dial::describe;
use super::handle::{Outgoing, Queue};
use super::{Net, StreamDone, WRITE_DEADLINE};
use kusari_store::{BlockRange, ChainPosition, Store};

/// Queued lines are joined up to this many bytes, so that a burst takes few system calls.
const JOIN_BYTES: usize = 64 * 1024;
/// Blocks read from the store at once, within the 256 that are allowed.
const CHUNK_BLOCKS: usize = 256;
/// Blocks of an answer that are read at once, without a thread to be woken for it: whoever asked
/// has something to do while the rest is read.
const FIRST_BLOCKS: usize = 32;
/// Bytes of lines after which a chunk ends before that: as much as an answer of 256 short blocks. A slow reader
/// makes us hold two of them.
const CHUNK_BYTES: usize = 80 * 1024;
/// How long a chunk is good that was read before it was asked for.
const AHEAD_TIME: Duration = Duration::from_secs(1);
/// What the blocks of one `HEADERS` line may count for, in bytes, beyond the last.
const HEADERS_BYTES: u64 = 8 << 20;

/// Lines of stored blocks.
struct Chunk {
    lines: Vec<u8>,
    last: ChainPosition,
    count: u32,
    /// Nothing that was asked for followed when it was read.
    is_end: bool,
}

/// Reads what follows and writes it as lines.
fn read_chunk(store: &Store, range: BlockRange, form: StreamForm) -> StoreResult<Chunk> {
    if form == StreamForm::Headers {
        return read_headers(store, range);
    }
    let mut chunk = Chunk { lines: Vec::new(), last: range.after, count: 0, is_end: true };
    let tip = store.visit_sound_chain(range, |stored| {
        let ledger = stored.part().filter(|_| form != StreamForm::Plain);
        encode_whole_block(&stored.block, ledger, &mut chunk.lines);
        chunk.last = (&stored.block).into();
        chunk.count += 1;
        chunk.lines.len() < CHUNK_BYTES
    })?;
    let end = range.through.map_or(tip.height, |through| through.min(tip.height));
    chunk.is_end = chunk.count == 0 || chunk.last.height >= end;
    Ok(chunk)
}

/// Reads what follows and writes it as one line, as far as it fits.
fn read_headers(store: &Store, range: BlockRange) -> StoreResult<Chunk> {
    let mut chunk = Chunk { lines: Vec::new(), last: range.after, count: 0, is_end: true };
    let mut line = HeadersLine::default();
    let range = BlockRange { max_blocks: MAX_HEADERS as usize, ..range };
    let mut bytes = 0;
    store.visit_sound_headers(range, |block, commitment, counted| {
        let added = line.push(block, commitment);
        if added {
            chunk.last = block.into();
            bytes += counted;
        }
        added && bytes < HEADERS_BYTES
    })?;
    chunk.count = line.count();
    chunk.lines = line.finish();
    Ok(chunk)
}

/// A chunk that is being read.
type Reading = JoinHandle<StoreResult<Chunk>>;

/// What one who catches up asks for next, most likely.
struct Ahead {
    after: ChainPosition,
    through: u32,
    until: Instant,
    reading: Reading,
}

async fn chunk_read(reading: Option<Reading>) -> StoreResult<Chunk> {
    let broke_off = || StoreError("reading it broke off".to_string());
    reading.ok_or_else(broke_off)?.await.unwrap_or_else(|_| Err(broke_off()))
}

pub(super) struct Writer<'a> {
    net: &'a Net,
    peer: PeerId,
    stream: Arc<OwnedWriteHalf>,
    queue: Queue,
    ahead: Option<Ahead>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        net: &'a Net,
        peer: PeerId,
        stream: Arc<OwnedWriteHalf>,
        queue: Queue,
    ) -> Self {
        Self { net, peer, stream, queue, ahead: None }
    }

    pub(super) fn into_stream(self) -> Arc<OwnedWriteHalf> {
        self.stream
    }

    /// Writes whatever is queued, until the connection is to be closed. `Err` says why it can't.
    pub(super) async fn write_all_queued(&mut self) -> Result<(), String> {
        let mut next = None;
        loop {
            let outgoing = match next.take() {
                Some(outgoing) => outgoing,
                None => match self.next_queued().await {
                    Some(outgoing) => outgoing,
                    None => return Ok(()),
                },
            };
            match outgoing {
                Outgoing::Line(mut lines) => {
                    let mut count = 1;
                    while lines.len() < JOIN_BYTES {
                        match self.queue.next_at_once() {
                            Some(Outgoing::Line(line)) => {
                                lines.extend_from_slice(&line);
                                count += 1;
                            }
                            other => {
                                next = other;
                                break;
                            }
                        }
                    }
                    self.write(&lines).await?;
                    self.queue.written(count);
                }
                Outgoing::Stream { after, through, form } => {
                    self.stream_blocks(after, through, form).await?;
                    self.queue.written(1);
                }
                Outgoing::Close => return Ok(()),
            }
        }
    }

    /// What is queued next. What was read ahead is not kept for long.
    async fn next_queued(&mut self) -> Option<Outgoing> {
        if let Some(ahead) = &self.ahead {
            match timeout_at(ahead.until, self.queue.next()).await {
                Ok(outgoing) => return outgoing,
                Err(_) => self.ahead = None,
            }
        }
        self.queue.next().await
    }

    async fn stream_blocks(
        &mut self,
        after: ChainPosition,
        through: Option<u32>,
        form: StreamForm,
    ) -> Result<(), String> {
        let mut last = after;
        let mut count = 0;
        let first = BlockRange { after, through, max_blocks: FIRST_BLOCKS };
        let mut read = match (self.take_ahead(after, through, form).await, form) {
            (Some(chunk), _) => Ok(chunk),
            (None, StreamForm::Headers) => chunk_read(self.start_reading(first, form).await).await,
            (None, _) => read_chunk(&self.net.store, first, form),
        };
        let result = loop {
            match read {
                Ok(mut chunk) => {
                    // What follows is read while this is written.
                    let range = BlockRange { after: chunk.last, through, max_blocks: CHUNK_BLOCKS };
                    let next = match chunk.is_end {
                        true => None,
                        false => self.start_reading(range, form).await,
                    };
                    (last, count) = (chunk.last, count + chunk.count);
                    // With the blocks before it, so that whoever asked sees at once that all is there.
                    if chunk.is_end && form == StreamForm::Counted {
                        let end = Message::<kusari_chain::Block>::End { count, missing: vec![] };
                        chunk.lines.extend(encode(&end));
                    }
                    self.write(&chunk.lines).await?;
                    // An answer that one read holds is of one moment.
                    if chunk.is_end {
                        break Ok(count);
                    }
                    read = chunk_read(next).await;
                }
                Err(error) => break Err(error),
            }
        };
        if let (Ok(_), Some(through), StreamForm::Counted) = (&result, through, form)
            && last.height == through
        {
            self.read_ahead(last, through.saturating_add(through - after.height));
        }
        // The node's thread is gone only when everything ends.
        let _ = self.net.streams.send(StreamDone { peer: self.peer, last, result });
        Ok(())
    }

    /// Begins to read a chunk on a thread beside the node's: a peer that takes a long chain must not keep
    /// the node from its other peers. `None` where the program is ending.
    async fn start_reading(&self, range: BlockRange, form: StreamForm) -> Option<Reading> {
        let store = self.net.store.clone();
        self.net.start_elsewhere(move || read_chunk(&store, range, form)).await
    }

    /// Begins to read what follows an answer, where nothing else is to be read: one who catches up asks for
    /// as much once more.
    fn read_ahead(&mut self, after: ChainPosition, through: u32) {
        let store = self.net.store.clone();
        let range = BlockRange { after, through: Some(through), max_blocks: CHUNK_BLOCKS };
        let read = move || read_chunk(&store, range, StreamForm::Counted);
        let until = Instant::now() + AHEAD_TIME;
        self.ahead = self.net.try_start_elsewhere(read).map(|reading| Ahead {
            after,
            through,
            until,
            reading,
        });
    }

    /// The first chunk of an answer, where it was read ahead. One that ended where our chain did may have less
    /// than there is by now.
    async fn take_ahead(
        &mut self,
        after: ChainPosition,
        through: Option<u32>,
        form: StreamForm,
    ) -> Option<Chunk> {
        let is_this = |ahead: &Ahead| {
            form == StreamForm::Counted && ahead.after == after && Some(ahead.through) == through
        };
        let ahead = self.ahead.take().filter(is_this)?;
        let chunk = chunk_read(Some(ahead.reading)).await.ok()?;
        (!chunk.is_end || chunk.last.height == ahead.through).then_some(chunk)
    }

    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        // The deadline is for each piece that the peer takes, so that a slow but steady reader of
        // a long answer is served.
        while !bytes.is_empty() {
            let piece = match timeout(WRITE_DEADLINE, self.write_piece(bytes)).await {
                Ok(Ok(0)) => return Err("the connection takes no more bytes".to_string()),
                Ok(Ok(count)) => count,
                Ok(Err(error)) => return Err(describe(&error)),
                Err(_) => {
                    return Err(format!("it read nothing for {} s", WRITE_DEADLINE.as_secs()));
                }
            };
            self.net.traffic.note_sent(piece);
            bytes = bytes.get(piece..).unwrap_or_default();
        }
        Ok(())
    }

    async fn write_piece(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }
}
