//! What a check may cost, and both cores.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::Rejection;

/// Steps that are left: about a nanosecond of one core each.
#[derive(Debug)]
pub struct Work(AtomicU64);

impl Work {
    pub fn new(steps: u64) -> Work {
        Work(AtomicU64::new(steps))
    }

    /// Pays for some steps, before or after they are done.
    pub fn spend(&self, steps: u64) -> Result<(), Rejection> {
        let paid = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(steps));
        if paid.is_err() {
            // Nothing is left for others either: the answer does not depend on who comes first.
            self.0.store(0, Ordering::Relaxed);
            return Err(Rejection::at("", "it takes more steps than are allowed (`--limit` allows more)"));
        }
        Ok(())
    }
}

/// f(0), …, f(n − 1), in parallel, each thread with a state of its own; or the first failure.
pub fn parallel<S, T: Send>(
    n: usize,
    state: impl Fn() -> S + Sync,
    f: impl Fn(usize, &mut S) -> Result<T, Rejection> + Sync,
) -> Result<Vec<T>, Rejection> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut state, mut found) = (state(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n {
                return found;
            }
            let value = f(at, &mut state);
            let failed = value.is_err();
            found.push((at, value));
            if failed {
                next.store(n, Ordering::Relaxed);
            }
        }
    };
    let threads = if n < 2 { 1 } else { std::thread::available_parallelism().map_or(1, |n| n.get().min(16)) };
    let lost = || vec![(0, Err(Rejection::at("", "a thread did not finish")))];
    let mut found = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        others.into_iter().for_each(|other| found.extend(other.join().unwrap_or_else(|_| lost())));
        found
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, value)| value).collect()
}
