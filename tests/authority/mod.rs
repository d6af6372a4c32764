//! The management API.

mod admins;
mod audit;
mod bad_days;
mod bodies;
mod command_line;
#[cfg(unix)]
mod configuration;
mod crash;
mod folders;
mod keys;
mod leaks;
mod lists;
mod lookup;
mod members;
mod noise;
mod older;
mod openapi;
mod organization;
mod process;
mod projects;
mod roles;
mod sessions;
mod shares;
