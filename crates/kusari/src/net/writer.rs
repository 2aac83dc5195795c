//! Writing to a connection: lines and streams of stored blocks, in the order they were queued.

use std::io;
use std::sync::Arc;

use kusari_chain::params::MAX_LINE_BYTES;
use kusari_node::seam::{PeerId, StreamForm};
use kusari_node::wire::{Message, encode, encode_block};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;

use super::dial::describe;
use super::handle::{Outgoing, Queue};
use super::{Net, StreamDone, WRITE_DEADLINE};
use crate::store::{ChainPosition, Stretch};

/// Queued lines are joined up to this many bytes, so that a burst takes few system calls.
const JOIN_BYTES: usize = 64 * 1024;
/// Blocks read from the store at once, within the 256 that are allowed.
const CHUNK_BLOCKS: usize = 256;
/// Bytes of lines after which a chunk ends before that: this is what a slow reader makes us hold.
const CHUNK_BYTES: usize = 64 * 1024;

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
        let result = loop {
            let mut lines = Vec::with_capacity(CHUNK_BYTES + MAX_LINE_BYTES);
            let stretch = Stretch { after: last, through, max_blocks: CHUNK_BLOCKS };
            let read = self.net.store.visit_best_chain(stretch, |block| {
                encode_block(&block, &mut lines);
                last = (&block).into();
                count += 1;
                lines.len() < CHUNK_BYTES
            });
            match read {
                Ok(_) if lines.is_empty() => break Ok(count),
                Ok(_) => self.write(&lines).await?,
                Err(error) => break Err(error),
            }
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
