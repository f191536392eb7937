//! The smallest ratatui program that draws a frame and shows each key: what `cargo bench` measures Handclasp beside.

use ratatui::crossterm::event::{self, Event, KeyCode};

fn main() -> std::io::Result<()> {
    ratatui::run(|terminal| {
        let mut keys = 0;
        loop {
            terminal.draw(|frame| frame.render_widget(format!("empty {keys}"), frame.area()))?;
            if let Event::Key(key) = event::read()? {
                if key.code == KeyCode::Char('q') {
                    return Ok(());
                }
                keys += 1;
            }
        }
    })
}
