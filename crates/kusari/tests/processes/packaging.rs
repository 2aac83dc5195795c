//! What is shipped around the program: the image, the nodes of Docker Compose, the service, the
//! Debian package, what watches a node, and the README in Japanese.
//!
//! Few machines have Docker and systemd, so the files are read here as those would read them, and
//! every command line in them is given to the real program. Where the real tools are installed,
//! they are asked too.

mod compose;
mod debian;
mod dockerfile;
mod guide;
mod image;
mod japanese;
mod program;
mod scripts;
mod service;
mod settings;
mod tools;
mod unit_file;
mod watching;
