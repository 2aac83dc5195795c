//! `GET /v1/events`: server-sent events, by the HTML standard.
//!
//! Owns the order of what one stream says. A stream whose client does not read holds what was written last and no
//! more; its connection ends by the deadline of every answer, see `write_timeout`.

use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;

use super::*;
use crate::events::{Numbered, Subscription};
use kusari_api_types::NodeEvent;

/// After how long without an event a comment goes out, so that a reader that is gone is found, and
/// so that the page sees a node that hangs within 10 s although two of these come late.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(3);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What happens, as it happens, as server-sent events.
///
/// The answer does not end before the node does. `data` of each event is one line of JSON.
#[openapi::path(
    get, path = "/v1/events", tag = "Events", operation_id = "events",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read: what came since is told first"),
    ),
    responses((
        status = 200, description = "The stream; `data` of each event is a `NodeEvent`",
        body = NodeEvent, content_type = "text/event-stream",
    )),
    extensions(("x-problems" = json!([TOO_MANY_STREAMS]))),
)]
pub(super) async fn events(app: App, headers: HeaderMap) -> Answer<impl IntoResponse> {
    // An id that is no text is none of ours either.
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?"));
    let last = last.filter(|id| !id.is_empty());
    let subscription = app.events.subscribe(last).ok_or(TOO_MANY_STREAMS)?;
    let mut mining = app.mining.clone();
    // How the search goes is news from now on, and what it was is not worth a number.
    mining.mark_unchanged();
    let begins = subscription.told();
    let events = stream::unfold(Stream { subscription, mining, begins }, Stream::next);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// What one caller is told.
struct Stream {
    subscription: Subscription,
    mining: Meter,
    /// The place that the stream begins at, until it is told: a caller that is cut off before the first
    /// event comes back with it.
    begins: Option<u64>,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Event, axum::Error>, Self)> {
        let event = match self.begins.take() {
            Some(number) => Ok(Event::default().id(self.subscription.id(number))),
            None => tokio::select! {
                next = self.subscription.next() => {
                    let Numbered { number, event } = next?;
                    named(&event).id(self.subscription.id(number)).json_data(event)
                }
                Ok(()) = self.mining.changed() => {
                    let event = NodeEvent::Mining(*self.mining.borrow_and_update());
                    named(&event).json_data(event)
                }
            },
        };
        Some((event, self))
    }
}

fn named(event: &NodeEvent) -> Event {
    Event::default().event(event.kind())
}
