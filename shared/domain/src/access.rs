//! The callers that a route admits, by session, role and reach.

use crate::account::Role;
use crate::error::ProblemCode;
use crate::session::Reach;

/// The callers that a route admits. Each route declares one value; [`Access::admits`] enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every caller: no session is read.
    Anyone,
    /// A session of any [`Reach`].
    Session,
    /// A session that may register methods.
    Registration,
    /// A session with all rights of its role, or one that must change a temporary password.
    PasswordChange,
    /// A session of the help desk or of an administrator, with all rights of that role.
    HelpDesk,
    /// A session of an administrator, with all rights of that role.
    Administrator,
    /// The bearer token of a reset.
    Reset,
    /// The bearer token of a reset, or a session that may register methods.
    ResetOrRegistration,
}

impl Access {
    /// Checks that a valid session of this role and reach may call the route.
    ///
    /// # Errors
    /// `forbidden` for another role; `stepRequired` for a session whose user must do
    /// something else first; `signInRequired` if the route takes no session.
    pub fn admits(self, role: Role, reach: Reach) -> Result<(), ProblemCode> {
        let (roles, reaches): (&[Role], &[Reach]) = match self {
            Access::Anyone | Access::Reset => return Err(ProblemCode::SignInRequired),
            Access::Session => return Ok(()),
            Access::Registration | Access::ResetOrRegistration => {
                (Role::ALL, &[Reach::Register, Reach::Full])
            }
            Access::PasswordChange => (Role::ALL, &[Reach::ChangePassword, Reach::Full]),
            Access::HelpDesk => (&[Role::HelpDesk, Role::Administrator], &[Reach::Full]),
            Access::Administrator => (&[Role::Administrator], &[Reach::Full]),
        };
        if !roles.contains(&role) {
            return Err(ProblemCode::Forbidden);
        }
        if !reaches.contains(&reach) {
            return Err(ProblemCode::StepRequired);
        }
        Ok(())
    }
}
