//! Sends mail through SES v2. SES has no idempotency token; the outbox limits how often a
//! message is sent.

use super::mail::Mail;
use crate::settings::Settings;
use crate::settings::mail_from::MailFrom;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use domain::delivery::MessageId;
use domain::port::SendError;

/// The headers that keep automatic replies away. `Auto-Submitted` is the standard (RFC 3834, 5).
/// Exchange also needs `X-Auto-Response-Suppress` (MS-OXCMAIL, 2.1.3.2.20). It names all kinds
/// but `NDR`, instead of `All`: the bounces of an address must still arrive. `Precedence` is not
/// sent, since RFC 3834 recommends no behaviour for it, and `bulk` may put a code with the
/// newsletters.
const HEADERS: [(&str, &str); 2] = [
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"),
];

/// The client that sends mails.
pub(crate) struct Mailer {
    client: Client,
    from: MailFrom,
    configuration_set: Option<String>,
}

impl Mailer {
    /// Creates a sender with the configured address and configuration set.
    pub(crate) fn new(client: Client, settings: &Settings) -> Mailer {
        Mailer {
            client,
            from: settings.mail_from.clone(),
            configuration_set: settings.configuration_set.clone(),
        }
    }

    /// Sends one mail to one recipient, so that the message ID identifies one address.
    ///
    /// # Errors
    /// If SES refused the mail or did not respond.
    pub(crate) async fn send(&self, to: &str, mail: Mail) -> Result<Option<MessageId>, SendError> {
        let part = |text: &str| {
            Content::builder().data(text).charset("UTF-8").build().expect("data is set")
        };
        let body = Body::builder().text(part(&mail.text)).html(part(&mail.html)).build();
        let header = |(name, value): &(&str, &str)| {
            MessageHeader::builder().name(*name).value(*value).build().expect("both are set")
        };
        let message = Message::builder()
            .subject(part(&mail.subject))
            .body(body)
            .set_headers(Some(HEADERS.iter().map(header).collect()))
            .build();
        let sent = self
            .client
            .send_email()
            .from_email_address(self.from.as_str())
            .set_configuration_set_name(self.configuration_set.clone())
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        let error = match sent {
            Ok(sent) => return Ok(sent.message_id().and_then(MessageId::parse)),
            Err(error) => error,
        };
        let error = error.into_service_error();
        let code = error.code().unwrap_or("noAnswer");
        tracing::warn!(event = "mailRefused", outcome = "refused", cause = code);
        match code {
            "MessageRejected"
            | "BadRequestException"
            | "MailFromDomainNotVerifiedException"
            | "NotFoundException" => Err(SendError::Permanent),
            // The last code means that the function's role lacks a permission, as in `sns`.
            "TooManyRequestsException"
            | "LimitExceededException"
            | "SendingPausedException"
            | "AccountSuspendedException"
            | "AccessDeniedException" => Err(SendError::Refused),
            _ => Err(SendError::Unknown),
        }
    }
}
