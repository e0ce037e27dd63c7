//! `relance sequence pull`, `push` and `diff`: sequences of a running server as files in a folder, to be kept in a git
//! repository.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::TextDiff;

use super::folder::{Folder, Manifest};
use super::piece::{Identity, Piece, assemble, paths, pieces};
use crate::cli::client::{Client, Problem, ServerArgs};
use crate::id::SequenceId;
use crate::limits::PAGE_MAX;
use crate::web::bundle::Bundle;
use crate::web::bundle::key::{self, Kind};

/// Sequences asked for in one bundle.
const PULLED_AT_ONCE: usize = 100;

/// Write sequences of the server into files
///
/// The files are the same bytes on every server, so a pull shows in `git diff` what somebody has changed. A component keeps
/// the file it has; new ones are named after it. Files that a pull has written go when what they hold is gone. What is not
/// committed is overwritten.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance sequence pull sequences
      every sequence that you may see, with its templates, flows and fields
  relance sequence pull sequences \"Welcome call\"
      that one and what it depends on; the other files stay")]
pub struct PullArgs {
    /// The folder, made where it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only these, by name, id or key; every sequence that you may see unless given
    #[arg(value_name = "NAME|ID")]
    names: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Bring the files to the server
///
/// What is new is created, what differs is written, what is gone from the files stays. An active sequence gets a revision,
/// for a person to activate. The code is 1 where something is in the way.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance sequence push sequences --dry-run
      what a push would do
  relance sequence push sequences --server http://127.0.0.1:8081
      to another server than the one it was pulled from")]
pub struct PushArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also what names things that are nowhere
    #[arg(long)]
    force: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Show what differs between the server and the files
///
/// The code is 0 where nothing does, 1 where something does, 2 where it cannot be said.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance sequence diff sequences
      `-` is on the server, `+` is in the files")]
pub struct DiffArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    name: String,
}

/// Every sequence that the caller may see.
async fn listed(client: &Client) -> anyhow::Result<Vec<Listed>> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Listed>,
        next_cursor: Option<String>,
    }
    let (mut all, mut cursor, limit) = (Vec::new(), None::<String>, PAGE_MAX.to_string());
    loop {
        let mut query = vec![("limit", limit.as_str()), ("sort", "created_at"), ("order", "asc")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Page = client.get(&["sequences"], &query).await.context("the sequences cannot be listed")?;
        all.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
}

/// The one that is meant by a name, an id or a key.
fn chosen(listed: &[Listed], meant: &str) -> anyhow::Result<String> {
    let of_key = key::read(Kind::Sequence, meant).map(|id| SequenceId(id).to_string());
    if let Some(found) = listed.iter().find(|one| one.id == meant || Some(&one.id) == of_key.as_ref()) {
        return Ok(found.id.clone());
    }
    let mut named = listed.iter().filter(|one| one.name == meant);
    let found = named.next().with_context(|| format!("there is no sequence `{meant}` that you may see"))?;
    ensure!(named.next().is_none(), "several sequences are called `{meant}`; name one by its id");
    Ok(found.id.clone())
}

/// Sequences of the server and what they depend on.
async fn export(client: &Client, ids: &[String]) -> anyhow::Result<Vec<Piece>> {
    #[derive(Serialize)]
    struct Chosen<'a> {
        ids: &'a [String],
    }
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PULLED_AT_ONCE) {
        let bundle: Bundle = client.post(&["sequences", "export"], &Chosen { ids }).await?;
        found.extend(pieces(&bundle).into_iter().map(|piece| (piece.identity.clone(), piece)));
    }
    Ok(found.into_values().collect())
}

/// Writes the files.
pub async fn pull(args: PullArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server)?;
    let folder = Folder::read(&args.folder)?;
    let listed = listed(&client).await?;
    let ids = match args.names.is_empty() {
        true => listed.iter().map(|one| one.id.clone()).collect(),
        false => args.names.iter().map(|name| chosen(&listed, name)).collect::<anyhow::Result<Vec<_>>>()?,
    };
    let pieces = export(&client, &ids).await?;
    let paths = paths(&pieces, &folder.kept);
    let mut written = 0_usize;
    for (path, place) in &paths {
        if folder.write(path, &pieces[*place].text)? {
            println!("wrote {path}");
            written += 1;
        }
    }
    let mut files: BTreeSet<String> = paths.into_keys().collect();
    let mut removed = 0_usize;
    let whole = args.names.is_empty();
    for path in folder.manifest.files.difference(&files.clone()) {
        if !whole {
            files.insert(path.clone());
        } else if folder.remove(path)? {
            println!("removed {path}");
            removed += 1;
        }
    }
    let whole = whole || folder.manifest.whole;
    folder.note(&Manifest { whole, files: files.clone() })?;
    println!("files: {written} written, {removed} removed, {} as they were", files.len() - written);
    Ok(ExitCode::SUCCESS)
}

/// Sends the files. The code is not success where a component met a conflict.
pub async fn push(args: PushArgs) -> anyhow::Result<ExitCode> {
    #[derive(Deserialize)]
    struct Imported {
        results: Vec<Component>,
        warnings: Vec<Warning>,
    }
    #[derive(Deserialize)]
    struct Component {
        kind: String,
        key: String,
        change: String,
        detail: Option<String>,
    }
    #[derive(Deserialize)]
    struct Warning {
        pointer: String,
        detail: String,
    }
    let client = Client::new(&args.server)?;
    let folder = Folder::read(&args.folder)?;
    ensure!(!folder.files.is_empty(), "{} holds no component of a bundle", args.folder.display());
    let (bundle, places) = assemble(&folder.files);
    let flags = [("force", args.force), ("dry_run", args.dry_run)];
    let query: Vec<_> = flags.into_iter().filter(|(_, given)| *given).map(|(name, _)| (name, "true")).collect();
    let sent = client.post_with(&["sequences", "import"], &query, &bundle).await;
    let Imported { results, warnings } = sent.map_err(|error| match error.downcast::<Problem>() {
        Ok(problem) => problem.placed(|pointer| in_file(pointer, &places)).into(),
        Err(error) => error,
    })?;
    for Warning { pointer, detail } in warnings {
        println!("warning: {}: {detail}", in_file(&pointer, &places));
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for Component { kind, key, change, detail } in results {
        if change != "unchanged" {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            println!("{change} {} {key}{detail}", kind.replace('_', " "));
        }
        *counts.entry(change).or_default() += 1;
    }
    let count = |change: &str| counts.get(change).copied().unwrap_or_default();
    let conflicts = count("conflict");
    let would = if args.dry_run { "would be " } else { "" };
    println!(
        "components: {would}{} created, {} updated, {} unchanged, {conflicts} conflicts",
        count("created"),
        count("updated"),
        count("unchanged")
    );
    Ok(if conflicts == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A place in the bundle as a place in a file.
fn in_file(pointer: &str, places: &[(String, String)]) -> String {
    let within = |(root, path): &(String, String)| {
        let rest = pointer.strip_prefix(root.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{path} {rest}").trim_end().to_owned())
    };
    places.iter().find_map(within).unwrap_or_else(|| pointer.to_owned())
}

/// Prints what differs, and says by its code whether something does; 2 is an error.
pub async fn diff(args: DiffArgs) -> anyhow::Result<ExitCode> {
    Ok(compare(args).await.unwrap_or_else(|error| {
        eprintln!("relance: {error:#}");
        ExitCode::from(2)
    }))
}

async fn compare(args: DiffArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server)?;
    let folder = Folder::read(&args.folder)?;
    ensure!(args.folder.is_dir(), "{} is no folder", args.folder.display());
    let listed = listed(&client).await?;
    let ids_of = folder.kept.keys().filter(|one| one.member == "sequences").filter_map(Identity::id);
    let here: BTreeSet<String> = ids_of.map(|id| SequenceId(id).to_string()).collect();
    let asked = |one: &&Listed| folder.manifest.whole || here.contains(&one.id);
    let ids: Vec<_> = listed.iter().filter(asked).map(|one| one.id.clone()).collect();
    let theirs = export(&client, &ids).await?;
    let ours = read(&folder)?;
    let paths: HashMap<usize, String> =
        paths(&theirs, &folder.kept).into_iter().map(|(path, place)| (place, path)).collect();
    let mut both = BTreeMap::<String, (&str, &str)>::new();
    for (place, piece) in theirs.iter().enumerate() {
        both.entry(paths.get(&place).cloned().unwrap_or_default()).or_default().0 = &piece.text;
    }
    for piece in &ours {
        both.entry(folder.kept.get(&piece.identity).cloned().unwrap_or_default()).or_default().1 = &piece.text;
    }
    let mut differ = false;
    for (path, (server, file)) in both.iter().filter(|(_, (server, file))| server != file) {
        differ = true;
        let name = |side: &str, text: &str| if text.is_empty() { "/dev/null".into() } else { format!("{side}/{path}") };
        let (from, to) = (name("server", server), name("files", file));
        print!("{}", TextDiff::from_lines(*server, *file).unified_diff().header(&from, &to));
    }
    Ok(if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What the files hold, however they are formatted.
fn read(folder: &Folder) -> anyhow::Result<Vec<Piece>> {
    let (bundle, places) = assemble(&folder.files);
    let text = bundle.to_string();
    let mut reader = serde_json::Deserializer::from_str(&text);
    let bundle: Bundle<Value> = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer: String = error.path().iter().map(|segment| format!("/{segment}")).collect();
        anyhow::anyhow!("{}: {}", in_file(&pointer, &places), error.inner())
    })?;
    let bundle = bundle.read().map_err(|problem| {
        let fault = problem.errors.first();
        let place = fault.map(|fault| in_file(&fault.pointer, &places)).unwrap_or_default();
        anyhow::anyhow!("{place}: {}", fault.map_or(&problem.detail, |fault| &fault.detail))
    })?;
    Ok(pieces(&bundle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_bundle_is_told_as_a_place_in_a_file() {
        let places = [("/sequences/1".to_owned(), "sequences/b.json".to_owned())];
        assert_eq!(in_file("/sequences/1/graph/nodes/0", &places), "sequences/b.json /graph/nodes/0");
        assert_eq!(in_file("/sequences/1", &places), "sequences/b.json");
        assert_eq!(in_file("/sequences/12/name", &places), "/sequences/12/name");
    }
}
