//! The gateway.

mod answers;
mod blip;
mod cut;
mod direct;
mod egress;
mod framing;
mod headers;
mod heads;
mod health;
mod hold;
mod limit;
mod links;
mod metrics;
mod noise;
mod pace;
mod paths;
mod phare_keys;
mod race;
mod reads;
mod revocation;
mod starving;
mod streaming;
mod tls;
mod upstream;
mod uses;
