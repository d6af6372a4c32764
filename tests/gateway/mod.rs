//! The gateway.

mod answers;
mod framing;
mod headers;
mod heads;
mod limit;
mod noise;
mod paths;
mod phare_keys;
mod race;
mod revocation;
mod streaming;
mod upstream;
