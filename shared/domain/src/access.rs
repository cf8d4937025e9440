//! Which callers a route admits.

use crate::account::Role;
use crate::error::ProblemCode;
use crate::session::Reach;

/// Which callers a route admits. Each route declares one; [`Access::admits`]
/// enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every caller: no session is read.
    Anyone,
    /// A session of any reach.
    Session,
    /// A session that reaches registration.
    Registration,
    /// A full session, or one that must change a temporary password.
    PasswordChange,
    /// A full session of the help desk or of an administrator.
    HelpDesk,
    /// A full session of an administrator.
    Administrator,
    /// A reset bearer.
    Reset,
    /// A reset bearer, or a session that reaches registration.
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
