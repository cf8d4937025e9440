//! Repeats a flow's read, decision and write when an item changed between the read and the write.

use crate::context::RequestContext;
use crate::error::Problem;
use crate::port::{Change, CommitError, Guard, Store};

/// The number of attempts that a flow makes before it answers `unavailable`.
const ATTEMPTS: usize = 3;
/// How often other requests of a source can refuse a write that counts one: the first of all,
/// the first of the next ten minutes, and those that use up the limit.
const SOURCE_REFUSALS: usize = 3;

/// The attempts of one flow. Each begins with a new read.
pub(in crate::flow) struct Attempts {
    step: &'static str,
    most: usize,
    begun: usize,
}

impl Attempts {
    /// Creates up to three attempts at the commit named `step`.
    pub(crate) fn of(step: &'static str) -> Attempts {
        Attempts::at_most(step, ATTEMPTS)
    }

    /// Creates the attempts at a commit that also counts the request for its source. Other
    /// requests of the source refuse it at most [`SOURCE_REFUSALS`] times more.
    pub(crate) fn counting_source(step: &'static str) -> Attempts {
        Attempts::at_most(step, ATTEMPTS + SOURCE_REFUSALS)
    }

    /// Creates up to `most` attempts at the commit named `step`.
    pub(crate) fn at_most(step: &'static str, most: usize) -> Attempts {
        Attempts { step, most, begun: 0 }
    }

    /// Begins the next attempt.
    ///
    /// # Errors
    /// `unavailable` when all attempts are used up.
    pub(crate) fn begin(&mut self) -> Result<(), Problem> {
        if self.begun == self.most {
            return Err(Problem::unavailable());
        }
        self.begun += 1;
        Ok(())
    }

    /// Whether no attempt follows the one that was begun.
    pub(crate) fn is_last(&self) -> bool {
        self.begun == self.most
    }

    /// Commits the changes of this attempt, if there are any. Returns `false` if one of the guards
    /// in `moved` refused them: begin the next attempt.
    ///
    /// # Errors
    /// If the changes were not committed for any other reason.
    pub(crate) async fn commit(
        &self,
        store: &impl Store,
        ctx: &RequestContext,
        changes: Vec<Change>,
        moved: &[Guard],
    ) -> Result<bool, CommitError> {
        if changes.is_empty() {
            return Ok(true);
        }
        let step = format!("{}-{}", self.step, self.begun);
        match store.commit(ctx, &step, changes).await {
            Ok(()) => Ok(true),
            Err(error) if moved.iter().any(|guard| error.by(*guard)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
