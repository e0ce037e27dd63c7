//! Messages as files in a folder, for whoever sends them on, and for a sandbox, which sends nothing.
//!
//! The file's name is the message's id, which follows from the step: a delivery that is repeated after a crash replaces
//! its own file and is still one message.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use lettre::message::Message;
use lettre::{FileTransport, Transport};

use crate::connector::DeliveryError;
use crate::connector::text::Text;

/// Delivers into a folder.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
    drafts: PathBuf,
}

impl Spool {
    /// Makes the folder where it is missing, and clears drafts that a crash has left.
    pub fn open(folder: &Path) -> Result<Spool, String> {
        let drafts = folder.join("drafts");
        let cleared = if drafts.exists() { fs::remove_dir_all(&drafts) } else { Ok(()) };
        cleared
            .and_then(|()| fs::create_dir_all(&drafts))
            .map_err(|error| format!("cannot make the spool {}: {error}", folder.display()))?;
        Ok(Spool { folder: folder.to_owned(), drafts })
    }

    /// Writes the message of that id; durable when it returns. Blocking.
    pub fn write(&self, id: &str, message: &Message) -> Result<(), DeliveryError> {
        let broken = |error: std::io::Error| DeliveryError::Temporary(format!("the spool cannot be written: {error}"));
        let transport = FileTransport::new(&self.drafts);
        let draft = transport.send(message).map_err(|error| DeliveryError::Temporary(error.to_string()))?;
        let draft = self.drafts.join(format!("{draft}.eml"));
        File::open(&draft).and_then(|file| file.sync_all()).map_err(broken)?;
        fs::rename(&draft, self.folder.join(format!("{id}.eml"))).map_err(broken)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(broken)
    }

    /// Writes a text message; likewise. Blocking.
    pub fn write_text(&self, text: &Text) -> Result<(), DeliveryError> {
        let broken = |error: std::io::Error| DeliveryError::Temporary(format!("the spool cannot be written: {error}"));
        let draft = self.drafts.join(format!("{}.txt", text.id));
        let from = text.gateway.as_ref().and_then(|gateway| gateway.from.clone()).unwrap_or_default();
        let written = format!("To: {}\nFrom: {from}\n\n{}\n", text.to, text.body);
        let mut file = File::create(&draft).map_err(broken)?;
        file.write_all(written.as_bytes()).and_then(|()| file.sync_all()).map_err(broken)?;
        fs::rename(&draft, self.folder.join(format!("{}.txt", text.id))).map_err(broken)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(broken)
    }

    /// Removes the messages of these ids; those that are not there are removed already. Durable on return. Blocking.
    pub fn remove(&self, ids: &[String]) -> std::io::Result<()> {
        for name in ids.iter().flat_map(|id| ["eml", "txt"].map(|kind| format!("{id}.{kind}"))) {
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_delivery_is_still_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let message = Message::builder().from("a@example.org".parse().unwrap()).to("b@example.org".parse().unwrap());
        let message = message.body("Hello".to_owned()).unwrap();
        spool.write("0198-step", &message).unwrap();
        spool.write("0198-step", &message).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files.iter().filter(|name| name.to_string_lossy().ends_with(".eml")).count(), 1);
        assert!(fs::read_to_string(folder.path().join("0198-step.eml")).unwrap().contains("Hello"));
        spool.remove(&["0198-step".into(), "never-written".into()]).unwrap();
        assert!(!folder.path().join("0198-step.eml").exists());
    }
}
