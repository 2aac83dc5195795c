//! `GET /v1/events`: server-sent events, by the HTML standard.
//!
//! Owns how they are written, and the way of a stream. One that nobody reads holds what was written
//! last and no more; its connection ends by the deadline of every answer, see `patience`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};

use super::super::events::{Listener, Numbered};
use super::super::mining::Meter;
use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use kusari_api_types::NodeEvent;

/// After how long without an event a comment goes out, so that a reader that is gone is found, and
/// so that nothing between takes the connection for idle.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// What a heartbeat looks like: a comment, which says nothing.
const COMMENT: &str = ":\n\n";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Pieces that are written ahead of who takes them.
const AHEAD: usize = 1;

/// What happens, as it happens, as server-sent events.
///
/// The answer does not end before the node does. `data` of each event is one line of JSON.
#[utoipa::path(
    get, path = "/v1/events", tag = "Events", operation_id = "events",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read: what came since is told first"),
    ),
    responses((
        status = 200, description = "The stream; `data` of each event is a `NodeEvent`",
        body = NodeEvent, content_type = "text/event-stream",
    )),
    extensions(("x-problems" = json!(names(&[
        problem::TOO_MANY_STREAMS,
    ])))),
)]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Answer<Response> {
    // An id that is no text is none of ours either.
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?"));
    let listener = shared.events.listen(last.filter(|id| !id.is_empty())).ok_or_else(|| {
        let detail = "as many streams of events are open as may be; close one, or ask again";
        problem::TOO_MANY_STREAMS.because(detail)
    })?;
    let (pieces, taken) = mpsc::channel(AHEAD);
    tokio::spawn(tell(listener, shared.mining.clone(), pieces));
    let headers = [(header::CONTENT_TYPE, "text/event-stream")];
    Ok((headers, Body::new(Pieces { taken })).into_response())
}

/// Writes what happens until the node or whoever reads has gone.
async fn tell(mut listener: Listener, mut mining: Meter, pieces: mpsc::Sender<Bytes>) {
    // How the search goes is news from now on, and what it was is not worth a number.
    mining.mark_unchanged();
    // Whoever is cut off before the first event comes back with the place that this stream began at.
    let mut text = listener.told().map_or_else(String::new, |told| {
        let id = listener.id(told);
        format!("id: {id}\n\n")
    });
    loop {
        if !text.is_empty() && pieces.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
            return;
        }
        tokio::select! {
            () = pieces.closed() => return,
            next = timeout(HEARTBEAT, listener.next()) => match next {
                Ok(Some(events)) => {
                    events.iter().for_each(|event| write(&mut text, &listener, event));
                }
                Ok(None) => return,
                Err(_) => text.push_str(COMMENT),
            },
            Ok(()) = mining.changed() => {
                let report = *mining.borrow_and_update();
                write_data(&mut text, None, &NodeEvent::Mining(report));
            }
        }
    }
}

fn write(text: &mut String, listener: &Listener, numbered: &Numbered) {
    let Numbered { number, event } = numbered;
    write_data(text, Some(&listener.id(*number)), event);
}

fn write_data(text: &mut String, id: Option<&str>, event: &NodeEvent) {
    // These forms can always be written.
    let Ok(data) = serde_json::to_string(event) else { return };
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    text.push_str(&format!("event: {}\n{id}data: {data}\n\n", event.kind()));
}

/// The body of the answer.
struct Pieces {
    taken: mpsc::Receiver<Bytes>,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
