//! What lies above the panels: the help, and a block in detail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph, Widget, Wrap};

use super::styles::Styles;
use crate::cli::top::state::{Above, View};

const HELP: &str = "\
Tab      the next panel; Shift-Tab the one before
j, k     select a line, as arrows do; PgUp, PgDn by ten
Enter    show the selected block, or a branch's last one
p        hold the picture, and go on
q        quit, as Ctrl-C and Esc do";

pub(super) fn draw(view: &View, styles: Styles, body: Rect, buffer: &mut Buffer) {
    let (title, text, offset) = match &view.above {
        Above::Nothing => return,
        Above::Help => (" Help, Esc closes ".to_owned(), HELP.to_owned(), 0),
        Above::Block { title, lines, offset } => {
            (format!(" {title}, Esc closes "), lines[*offset..].join("\n"), *offset)
        }
    };
    Clear.render(body, buffer);
    let frame = Block::bordered().title(title).border_style(styles.strong());
    let frame = if offset > 0 { frame.title_bottom(" scrolled ") } else { frame };
    Paragraph::new(text).wrap(Wrap { trim: false }).block(frame).render(body, buffer);
}
