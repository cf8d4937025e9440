//! Read, decide and write anew when an item moved between a flow's read and
//! its write.

use crate::context::RequestContext;
use crate::error::Problem;
use crate::port::{Change, CommitError, Guard, Store};

/// How often a flow decides anew before it answers "unavailable".
const ATTEMPTS: usize = 3;

/// The attempts of one flow. Each begins with a new read.
pub(in crate::flow) struct Attempts {
    step: &'static str,
    most: usize,
    begun: usize,
}

impl Attempts {
    /// Attempts of a write that is called `step`.
    pub fn of(step: &'static str) -> Attempts {
        Attempts::at_most(step, ATTEMPTS)
    }

    /// The same with another limit than the usual three.
    pub fn at_most(step: &'static str, most: usize) -> Attempts {
        Attempts { step, most, begun: 0 }
    }

    /// Begins the next attempt.
    ///
    /// # Errors
    /// "Unavailable" when all attempts are used up.
    pub fn begin(&mut self) -> Result<(), Problem> {
        if self.begun == self.most {
            return Err(Problem::unavailable());
        }
        self.begun += 1;
        Ok(())
    }

    /// Commits the changes of this attempt. `false` where one of the guards
    /// named in `moved` refused them: begin the next attempt.
    ///
    /// # Errors
    /// Every other reason why the changes were not committed.
    pub async fn commit(
        &self,
        store: &impl Store,
        ctx: &RequestContext,
        changes: Vec<Change>,
        moved: &[Guard],
    ) -> Result<bool, CommitError> {
        let step = format!("{}-{}", self.step, self.begun);
        match store.commit(ctx, &step, changes).await {
            Ok(()) => Ok(true),
            Err(error) if moved.iter().any(|guard| error.by(*guard)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
