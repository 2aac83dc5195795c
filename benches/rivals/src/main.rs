//! SQLite behind the route at which a node takes a record, to be measured beside it.
//!
//! One writer, a write-ahead log and a full sync: what is answered is durable, as it is with a node. Prints
//! where it listens, and writes into the file that it is given.

use std::error::Error;
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A text, and who waits for its number.
type Work = (String, oneshot::Sender<i64>);

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: kusari-rivals FILE")?;
    let database = Connection::open(file)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    )?;
    let (work, queue) = channel();
    std::thread::spawn(move || write_all(&database, &queue));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/v1/ledger/records", post(record)).with_state(work);
        Ok(axum::serve(listener, router).await?)
    })
}

/// The one writer: a transaction for each record.
fn write_all(database: &Connection, queue: &Receiver<Work>) {
    while let Ok((text, answer)) = queue.recv() {
        match database.execute("INSERT INTO records (text) VALUES (?1)", [text]) {
            Ok(_) => drop(answer.send(database.last_insert_rowid())),
            Err(error) => eprintln!("a record is lost: {error}"),
        }
    }
}

async fn record(
    State(work): State<Sender<Work>>,
    Json(request): Json<Value>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let text = request["text"].as_str().ok_or(StatusCode::BAD_REQUEST)?.to_owned();
    let (answer, id) = oneshot::channel();
    let lost = StatusCode::INTERNAL_SERVER_ERROR;
    work.send((text.clone(), answer)).map_err(|_| lost)?;
    let id = id.await.map_err(|_| lost)?;
    let report = json!({ "id": id, "text": text, "state": "waiting", "block": null });
    Ok((StatusCode::ACCEPTED, Json(report)))
}
