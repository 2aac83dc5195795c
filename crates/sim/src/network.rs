//! The virtual network: bytes on their way.
//!
//! It promises what TCP promises and no more. Bytes of one connection arrive in order and in pieces
//! of any size, and a sender can be ahead of a reader by one window. A connection may break with
//! notice, hang without, or stall until a cut link heals; then whatever was on its way is late or
//! lost, never doubled. Knows nothing of what the bytes mean.

use kusari_node::interface::StreamForm;
use kusari_node::wire::{self, HeadersLine, MAX_HEADERS, Message};

use crate::connection::{Connection, End, Item, Place, Stream, WINDOW};
use crate::world::{Host, MILLISECOND, Micros, World};

impl World {
    pub(crate) fn connection(&mut self, place: Place) -> Option<&mut Connection> {
        self.connections.get_mut(&place.connection)
    }

    pub(crate) fn end(&mut self, place: Place) -> Option<&mut End> {
        Some(&mut self.connection(place)?.ends[place.side])
    }

    /// Whether nothing gets through at present.
    pub(crate) fn is_blocked(&self, connection: &Connection) -> bool {
        let (a, b) = (connection.ends[0].host, connection.ends[1].host);
        connection.hung.is_some() || self.is_cut(a, b)
    }

    pub(crate) fn is_cut(&self, a: usize, b: usize) -> bool {
        self.cuts.contains(&(a.min(b), a.max(b)))
    }

    /// Queues a line at an end. A full queue closes the connection, as in the real driver.
    pub(crate) fn send_line(&mut self, place: Place, line: Vec<u8>) {
        let now = self.now;
        let Some(end) = self.end(place) else { return };
        if !end.open || end.draining {
            return;
        }
        if end.out.is_full_for(line.len()) {
            self.break_end(place, "its queue is full");
            return;
        }
        end.out.note_waiting(now);
        end.out.lines += 1;
        end.out.bytes += line.len();
        let is_sign_of_life = line.starts_with(b"PING:") || line.starts_with(b"PONG:");
        let counted = if is_sign_of_life { 0 } else { line.len() as u64 };
        let is_question = line.starts_with(b"GET_BLOCKS:") || line.starts_with(b"GET_HEADERS:");
        let (host, length) = (end.host, line.len() as u64);
        end.out.queue.push_back(Item::Line(line));
        if matches!(self.hosts.get(host), Some(Host::Byzantine(_))) {
            self.counts.hostile_bytes += length;
        }
        self.counts.bytes += counted;
        self.counts.lines += u64::from(!is_sign_of_life);
        self.counts.questions += u64::from(is_question);
        self.pump(place);
    }

    /// Queues a stream of stored blocks behind the lines that wait.
    pub(crate) fn send_stream(&mut self, place: Place, stream: Stream) {
        let now = self.now;
        let Some(end) = self.end(place) else { return };
        if end.open && !end.draining {
            end.out.note_waiting(now);
            end.out.queue.push_back(Item::Stream(stream));
            self.pump(place);
        }
    }

    /// Plans the next piece of an end, if there is one and none is planned.
    pub(crate) fn pump(&mut self, place: Place) {
        let now = self.now;
        let pause = self.random.between(20, 2_000);
        let Some(End { out: pipe, .. }) = self.end(place) else { return };
        if !pipe.scheduled && !pipe.is_empty() {
            pipe.scheduled = true;
            self.plan(now + pause, move |world| world.transmit(place));
        }
    }

    /// Writes one piece, as much as the window has room for.
    pub(crate) fn transmit(&mut self, place: Place) {
        let now = self.now;
        let Some(connection) = self.connections.get(&place.connection) else { return };
        let (blocked, latency) = (self.is_blocked(connection), connection.latency);
        let latency = self.draw_delay(latency);
        let size = if self.random.chance(10) {
            self.random.between(1, 80)
        } else {
            self.random.between(80, 16 * 1024)
        };
        let Some(end) = self.end(place) else { return };
        end.out.scheduled = false;
        let room = WINDOW.saturating_sub(end.out.in_flight).min(usize::try_from(size).unwrap_or(1));
        if blocked || !end.open || room == 0 {
            return;
        }
        let mut piece = Vec::with_capacity(room);
        while piece.len() < room && self.refill(place) {
            let Some(end) = self.end(place) else { return };
            let writing = &mut end.out.writing;
            let taken = writing.len().min(room - piece.len());
            piece.extend(writing.drain(..taken));
        }
        self.refill(place);
        let Some(end) = self.end(place) else { return };
        let arrival = end.out.last_arrival.max(now + latency);
        end.out.last_arrival = arrival;
        end.out.in_flight += piece.len();
        end.out.moved_at = now;
        let drained = end.draining && end.out.is_empty();
        if !piece.is_empty() {
            self.plan(arrival, move |world| world.arrive(place.other(), piece));
        }
        self.pump(place);
        if drained {
            self.close_end(place);
        }
    }

    /// How long a piece takes: about the latency of its link, and now and then much longer.
    fn draw_delay(&mut self, latency: Micros) -> Micros {
        match self.random.below(200) {
            0 if !self.is_steady => latency + self.random.between(200, 3_000) * MILLISECOND,
            _ => latency + self.random.below(latency / 2 + 1),
        }
    }

    /// Sees to it that there are bytes to write. `false` where there is nothing more.
    fn refill(&mut self, place: Place) -> bool {
        loop {
            let Some(end) = self.end(place) else { return false };
            if !end.out.writing.is_empty() {
                return true;
            }
            match end.out.queue.pop_front() {
                None => return false,
                Some(Item::Line(line)) => {
                    end.out.lines -= 1;
                    end.out.bytes -= line.len();
                    end.out.writing.extend(line);
                }
                Some(Item::Stream(stream)) if stream.finished => {
                    self.stream_written(place, &stream);
                }
                Some(Item::Stream(stream)) => self.read_chunk(place, stream),
            }
        }
    }

    /// Reads the next blocks of a stream from the disk, as they stand there now.
    fn read_chunk(&mut self, place: Place, mut stream: Stream) {
        let most = if self.random.chance(50) { self.random.between(1, 256) } else { 256 };
        let Some(host) = self.end(place).map(|end| end.host) else { return };
        let Some(kusari) = self.kusari(host) else { return };
        let most = usize::try_from(most).unwrap_or(1);
        let blocks = kusari.disk.chunk(stream.after, stream.through, most);
        let mut bytes = Vec::new();
        if stream.form == StreamForm::Headers {
            let mut line = HeadersLine::default();
            for stored in kusari.disk.chunk(stream.after, stream.through, MAX_HEADERS as usize) {
                let Some(part) = stored.part() else { break };
                if !line.push(&stored.block, &part.commitment) {
                    break;
                }
                stream.after = (stored.block.index, stored.block.hash);
            }
            stream.count = line.count();
            stream.finished = true;
            bytes.extend(line.finish());
        } else if let Some(last) = blocks.last() {
            stream.after = (last.block.index, last.block.hash);
            stream.count += u32::try_from(blocks.len()).unwrap_or(u32::MAX);
            for stored in blocks {
                let ledger = stored.part().filter(|_| stream.form != StreamForm::Plain);
                wire::encode_whole_block(&stored.block, ledger, &mut bytes);
            }
        } else {
            stream.finished = true;
            // Nothing followed: say how far the best chain and what was asked for agree.
            stream.after = kusari.disk.shared(stream.after);
            if stream.form == StreamForm::Counted {
                let (count, missing) = (stream.count, Vec::new());
                let end: Message<kusari_chain::Block> = Message::End { count, missing };
                bytes.extend(wire::encode(&end));
            }
        }
        self.counts.bytes += bytes.len() as u64;
        if let Some(End { out, .. }) = self.end(place) {
            out.writing.extend(bytes);
            out.queue.push_front(Item::Stream(stream));
        }
    }

    /// A piece has arrived.
    pub(crate) fn arrive(&mut self, place: Place, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get(&place.connection) else { return };
        if connection.hung.is_some() {
            return;
        }
        let cut = self.is_blocked(connection);
        let Some(end) = self.end(place) else { return };
        if cut {
            end.held.extend(bytes);
        } else {
            end.inbox.extend(bytes);
            self.read(place);
        }
    }

    /// Takes what is unread at an end, whether or not that makes a line.
    pub(crate) fn take_inbox(&mut self, place: Place) -> Vec<u8> {
        let Some(connection) = self.connection(place) else { return Vec::new() };
        let bytes = std::mem::take(&mut connection.ends[place.side].inbox);
        let out = &mut connection.ends[place.other().side].out;
        out.in_flight = out.in_flight.saturating_sub(bytes.len());
        self.pump(place.other());
        bytes
    }

    /// Lets an end read what has arrived for it.
    pub(crate) fn read(&mut self, place: Place) {
        let now = self.now;
        let Some(end) = self.end(place) else { return };
        let (host, at) = (end.host, end.reads_at);
        if !end.open || end.inbox.is_empty() && !end.ended {
            return;
        }
        if at > now {
            self.plan(at, move |world| world.read(place));
            return;
        }
        match self.hosts.get(host) {
            Some(Host::Kusari(_)) => self.kusari_reads(host, place),
            Some(Host::Original(_)) => self.original_reads(host, place),
            Some(Host::Byzantine(_)) => self.byzantine_reads(host, place),
            None => {}
        }
    }

    /// Shows `take` the lines that arrived at an end, and closes it behind the last one there is.
    pub(crate) fn read_lines(
        &mut self,
        place: Place,
        mut take: impl FnMut(&mut Self, Result<Vec<u8>, wire::LineTooLong>),
    ) {
        let bytes = self.take_inbox(place);
        if let Some(end) = self.end(place) {
            end.framer.push(&bytes);
        }
        while let Some(line) = self.next_line(place) {
            take(self, line);
        }
        if self.end(place).is_some_and(|end| end.ended) {
            self.close_end(place);
        }
    }

    /// The next line at an end, or why there can be none.
    pub(crate) fn next_line(&mut self, place: Place) -> Option<Result<Vec<u8>, wire::LineTooLong>> {
        let end = self.end(place)?;
        if !end.open || end.deaf {
            return None;
        }
        match end.framer.next_line() {
            Ok(line) => line.map(|line| Ok(line.to_vec())),
            Err(error) => {
                end.deaf = true;
                Some(Err(error))
            }
        }
    }
}
