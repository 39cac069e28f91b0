//! What pages and the API share of HTTP: why a request fails and in which words, who sent it, how large it may be, and its
//! line in the log. It must not know what an answer looks like.

pub mod audited;
pub mod error;
pub mod forwarded;
pub mod limits;
pub mod reason;
pub mod requests;
pub mod unread;

pub use forwarded::Proxies;
