//! Work that workers share until nobody has any left.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A stack of work. A worker that waits is given work that another one finds.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    todo: Vec<T>,
    busy: usize,
    stopped: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(first: T) -> Self {
        let state = State { todo: vec![first], busy: 0, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Runs `work` on all there is to do, and on what it adds.
    pub(super) fn run(&self, mut work: impl FnMut(T, &mut Vec<T>)) {
        let mut found = Vec::new();
        let mut item = self.first();
        while let Some(next) = item {
            work(next, &mut found);
            item = self.next(&mut found);
        }
    }

    /// Takes a piece of work for a thread that works alone.
    pub(super) fn take(&self) -> Option<T> {
        self.lock().todo.pop()
    }

    /// Hands in what a thread that works alone has found.
    pub(super) fn give(&self, found: &mut Vec<T>) {
        self.lock().todo.append(found);
    }

    /// Ends the work for all workers.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.todo.clear();
        self.changed.notify_all();
    }

    fn first(&self) -> Option<T> {
        self.wait(self.lock())
    }

    /// Hands in what was found, and takes the next piece.
    fn next(&self, found: &mut Vec<T>) -> Option<T> {
        let mut state = self.lock();
        state.busy -= 1;
        if !state.stopped {
            state.todo.append(found);
        }
        match state.todo.len() {
            0 | 1 if state.busy > 0 => {}
            _ => self.changed.notify_all(),
        }
        self.wait(state)
    }

    fn wait(&self, mut state: MutexGuard<'_, State<T>>) -> Option<T> {
        loop {
            if let Some(item) = state.todo.pop() {
                state.busy += 1;
                return Some(item);
            }
            if state.busy == 0 || state.stopped {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn all_work_is_done_once() {
        let queue = Queue::new(12_u32);
        let done = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    queue.run(|depth, found| {
                        done.fetch_add(1, Ordering::Relaxed);
                        found.extend((depth > 0).then(|| [depth - 1; 2]).into_iter().flatten());
                    });
                });
            }
        });
        assert_eq!(done.into_inner(), (1 << 13) - 1);
    }
}
