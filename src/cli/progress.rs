//! Progress on standard error: only on a terminal, and only of what takes long.

use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use netprove::decide::regions::regions_seen;

/// What is done at once needs no bar.
const LONG: Duration = Duration::from_secs(1);

/// How much of some work is done, and how long the rest may take.
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// Nothing of `total` is done.
    pub fn new(what: &'static str, total: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} rows, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Progress { bar, begun: Instant::now() }
    }

    /// Some more is done.
    pub fn add(&self, done: usize) {
        if self.bar.is_hidden() && self.begun.elapsed() > LONG {
            // This stays hidden where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Says which network or claim is being decided, and how many regions its searches have seen, while they see more.
pub struct Watch(Option<(Sender<String>, JoinHandle<()>)>);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(200);

impl Watch {
    /// Begins to look.
    pub fn begin() -> Watch {
        if !std::io::stderr().is_terminal() {
            return Watch(None);
        }
        let (about, abouts) = mpsc::channel::<String>();
        let look = move || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{spinner} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            let (mut what, mut begun, mut before) = (String::new(), Instant::now(), regions_seen());
            loop {
                match abouts.recv_timeout(LOOK) {
                    Ok(next) => {
                        (what, begun, before) = (next, Instant::now(), regions_seen());
                        bar.finish_and_clear();
                        bar.set_draw_target(ProgressDrawTarget::hidden());
                    }
                    Err(RecvTimeoutError::Disconnected) => break bar.finish_and_clear(),
                    Err(RecvTimeoutError::Timeout) => {
                        let seen = regions_seen() - before;
                        if seen == 0 || begun.elapsed() < LONG {
                            continue;
                        }
                        if bar.is_hidden() {
                            bar.reset();
                            bar.set_draw_target(ProgressDrawTarget::stderr());
                        }
                        let rate = u128::from(seen) * 1000 / begun.elapsed().as_millis().max(1);
                        bar.set_message(format!("{what}: {seen} regions seen, {rate} a second"));
                        bar.tick();
                    }
                }
            }
        };
        Watch(Some((about, thread::spawn(look))))
    }

    /// Says what is decided next.
    pub fn about(&self, what: &str) {
        if let Some((about, _)) = &self.0 {
            // Nobody listens any more if the thread ended: then nothing is shown.
            let _ = about.send(what.to_string());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((about, thread)) = self.0.take() {
            drop(about);
            let _ = thread.join();
        }
    }
}
