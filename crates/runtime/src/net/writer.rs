//! Writing to a connection: lines and streams of stored blocks, in the order they were queued.

use std::io;
use std::sync::Arc;

use kusari_chain::{StoreError, StoreResult};
use kusari_node::interface::{PeerId, StreamForm};
use kusari_node::wire::{HeadersLine, MAX_HEADERS, Message, encode, encode_whole_block};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;

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
/// Bytes of lines after which a chunk ends before that: this is what a slow reader makes us hold.
const CHUNK_BYTES: usize = 64 * 1024;
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

pub(super) struct Writer<'a> {
    net: &'a Net,
    peer: PeerId,
    stream: Arc<OwnedWriteHalf>,
    queue: Queue,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        net: &'a Net,
        peer: PeerId,
        stream: Arc<OwnedWriteHalf>,
        queue: Queue,
    ) -> Self {
        Self { net, peer, stream, queue }
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
                None => match self.queue.next().await {
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

    async fn stream_blocks(
        &mut self,
        after: ChainPosition,
        through: Option<u32>,
        form: StreamForm,
    ) -> Result<(), String> {
        let mut last = after;
        let mut count = 0;
        let first = BlockRange { after, through, max_blocks: FIRST_BLOCKS };
        let mut read = match form {
            StreamForm::Headers => self.read_chunk_elsewhere(first, form).await,
            _ => read_chunk(&self.net.store, first, form),
        };
        let result = loop {
            match read {
                Ok(chunk) => {
                    self.write(&chunk.lines).await?;
                    (last, count) = (chunk.last, count + chunk.count);
                    // An answer that one read holds is of one moment.
                    if chunk.is_end {
                        break Ok(count);
                    }
                }
                Err(error) => break Err(error),
            }
            let range = BlockRange { after: last, through, max_blocks: CHUNK_BLOCKS };
            read = self.read_chunk_elsewhere(range, form).await;
        };
        // A count after a failed read would call half an answer whole.
        if form == StreamForm::Counted && result.is_ok() {
            let end = Message::<kusari_chain::Block>::End { count, missing: Vec::new() };
            self.write(&encode(&end)).await?;
        }
        // The node's thread is gone only when everything ends.
        let _ = self.net.streams.send(StreamDone { peer: self.peer, last, result });
        Ok(())
    }

    /// Reads a chunk on a thread beside the node's: a peer that takes a long chain must not keep the
    /// node from its other peers.
    async fn read_chunk_elsewhere(
        &self,
        range: BlockRange,
        form: StreamForm,
    ) -> StoreResult<Chunk> {
        let store = self.net.store.clone();
        let read = self.net.elsewhere(move || read_chunk(&store, range, form)).await;
        read.unwrap_or_else(|| Err(StoreError("reading it broke off".to_string())))
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
