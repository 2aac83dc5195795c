//! How fast a node acknowledges what its people record.
//!
//! Owns the arrangement: one node of a ledger in a process of its own, whose wallet signs, and clients of
//! its local API beside it, each of which sends its next record when the one before is acknowledged as
//! durable. What is recorded is mined meanwhile. Another server that answers the same routes can be asked
//! by turns.

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use kusari_api_types::{BatchRequest, LedgerRecordRequest, MAX_BATCH, Token};
use kusari_client::Client;
use serde::Serialize;

use super::process::NodeProcess;
use super::{BenchError, median, now};

/// Clients that ask at once, in the order of the turns.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// How often each number of clients has its turn.
const TURNS: usize = 3;
/// How long a mined record may take at most.
const DEADLINE: Duration = Duration::from_secs(120);
/// The passphrase of a wallet that is worth nothing.
const PASSPHRASE: &str = "a wallet for measurements";

/// What was measured.
#[derive(Debug, Serialize)]
pub struct RecordFigures {
    /// By the number of clients.
    pub clients: Vec<ClientFigures>,
    /// Lines that one client sent as many at a time as a request takes.
    pub lines: usize,
    /// How many of them were acknowledged in a second, from the first to the last.
    pub lines_per_s: f64,
    /// From the first of them until the last stood in a block, in seconds.
    pub lines_mined_s: f64,
    /// What one write of 4 KiB with its sync takes here, in milliseconds.
    pub sync_ms: f64,
}

/// What was measured with so many clients.
#[derive(Debug, Serialize)]
pub struct ClientFigures {
    /// Clients at once.
    pub clients: usize,
    /// Records that were acknowledged in a second: the median of the turns.
    pub records_per_s: f64,
    /// What one client waited for a receipt: the median, in milliseconds.
    pub receipt_ms: f64,
    /// Bytes that the node wrote for a record.
    pub written_bytes: f64,
    /// The same rate of the server beside it.
    pub beside_per_s: Option<f64>,
}

/// One turn of some clients.
struct Turn {
    per_s: f64,
    receipt_ms: f64,
}

/// Measures in `scratch`: `records` for each turn of clients, and then `lines`. `beside` is where another
/// server answers `POST /v1/ledger/records`, as in `http://127.0.0.1:9000`.
///
/// # Errors
/// Where a process, a file or a node does not do its part.
pub fn measure(
    scratch: &Path,
    records: usize,
    lines: usize,
    beside: Option<&str>,
) -> Result<RecordFigures, BenchError> {
    let sync_ms = sync_time(scratch)?;
    let passphrase = scratch.join("passphrase");
    kusari_files::write_new(&passphrase, PASSPHRASE.as_bytes(), kusari_files::Readers::Owner)
        .map_err(BenchError::node)?;
    let token_file = scratch.join("token");
    let [wallet, write] = [&passphrase, &token_file].map(|path| path.to_string_lossy());
    let options = ["--passphrase-file", &wallet, "--token-file", &write];
    let options = [&["--chain", "ledger", "--offline"][..], &options].concat();
    let node = NodeProcess::start_stored_with_api(&scratch.join("records"), &options)?;
    let api = node.api().ok_or_else(|| BenchError::node("has no local API"))?;
    let token = kusari_client::read_token(&token_file).map_err(BenchError::node)?;
    let url = format!("http://{api}");

    let mut figures = Vec::new();
    for clients in CLIENTS {
        let (mut rates, mut waits, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let written = node.usage().written_bytes;
        for _ in 0..TURNS {
            let turn = turn(&url, &token, clients, records)?;
            rates.push(turn.per_s);
            waits.push(turn.receipt_ms);
            if let Some(beside) = beside {
                others.push(self::turn(beside, &token, clients, records)?.per_s);
            }
        }
        let written = node.usage().written_bytes.saturating_sub(written);
        figures.push(ClientFigures {
            clients,
            records_per_s: median(&mut rates),
            receipt_ms: median(&mut waits),
            written_bytes: written as f64 / (TURNS * records) as f64,
            beside_per_s: beside.map(|_| median(&mut others)),
        });
    }
    let client = client(&url, &token)?;
    let (lines_per_s, lines_mined_s) = pour(&client, lines)?;
    node.stop()?;
    Ok(RecordFigures { clients: figures, lines, lines_per_s, lines_mined_s, sync_ms })
}

fn client(url: &str, token: &Token) -> Result<Client, BenchError> {
    Client::new(url, Some(token.clone())).map_err(BenchError::node)
}

/// Has so many records acknowledged, by clients that all begin at once.
fn turn(url: &str, token: &Token, clients: usize, records: usize) -> Result<Turn, BenchError> {
    let together = Barrier::new(clients + 1);
    let each = records.div_ceil(clients);
    let work = |number: usize| -> Result<Vec<f64>, BenchError> {
        let client = client(url, token);
        together.wait();
        let client = client?;
        let mut waits = Vec::with_capacity(each);
        for at in 0..each {
            let text = format!("what client {number} has to say for the time {at}");
            let request = LedgerRecordRequest { text, fee: None };
            let asked = now();
            client.record_on_ledger(&request).map_err(BenchError::node)?;
            waits.push(asked.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(waits)
    };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..clients).map(|number| scope.spawn(move || work(number))).collect();
        together.wait();
        let began = now();
        let mut waits = Vec::new();
        for thread in threads {
            let done = thread.join().map_err(|_| BenchError::node("lost a client"))?;
            waits.extend(done?);
        }
        let per_s = waits.len() as f64 / began.elapsed().as_secs_f64();
        Ok(Turn { per_s, receipt_ms: median(&mut waits) })
    })
}

/// Sends so many lines, as many at a time as go together, and waits until the last is mined. Lines a
/// second until the last was acknowledged, and seconds until it was mined.
fn pour(client: &Client, lines: usize) -> Result<(f64, f64), BenchError> {
    let began = now();
    let mut last = None;
    for first in (0..lines).step_by(MAX_BATCH) {
        let texts = (first..lines.min(first + MAX_BATCH)).map(|at| format!("line {at} of many"));
        let request = BatchRequest { texts: texts.collect(), fee: None };
        let report = client.record_batch(&request).map_err(BenchError::node)?;
        for item in report.results {
            let refused = || BenchError::node("took a line for one that it refuses");
            last = Some(item.record.ok_or_else(refused)?.id);
        }
    }
    let per_s = lines as f64 / began.elapsed().as_secs_f64();
    if let Some(last) = last {
        wait_until_mined(client, last, began)?;
    }
    Ok((per_s, began.elapsed().as_secs_f64()))
}

fn wait_until_mined(client: &Client, id: u64, began: Instant) -> Result<(), BenchError> {
    loop {
        let record = client.record_state(id).map_err(BenchError::node)?;
        if record.is_some_and(|record| record.block.is_some()) {
            return Ok(());
        }
        if began.elapsed() > DEADLINE {
            return Err(BenchError::node("did not mine what was recorded"));
        }
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// The median of some writes of 4 KiB, each with its sync, in milliseconds.
fn sync_time(scratch: &Path) -> Result<f64, BenchError> {
    use std::io::Write;
    let system = || BenchError::system("writing a file");
    let mut file = std::fs::File::create(scratch.join("sync")).map_err(system())?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = now();
        file.write_all(&[0; 4_096]).map_err(system())?;
        file.sync_data().map_err(system())?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(&mut times))
}
