//! How far something is, for a person who waits; nothing of it where the standard error is no terminal.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// A bar up to `total`, or a spinner where nobody knows how much there is.
pub fn bar(what: &'static str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{msg} [{bar:30}] {human_pos} of {human_len} ({per_sec}, {eta} left)"),
        None => (ProgressBar::new_spinner(), "{msg} {spinner} {human_pos}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// `10000` as `10,000`.
pub fn count(number: u64) -> String {
    HumanCount(number).to_string()
}
