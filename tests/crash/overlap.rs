//! An import that is cut short half-way, while somebody changes what it has brought in already.

use std::fmt::Write;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::client::{Client, Command, Lost};
use super::importer::ended;
use super::program::{Ground, Program};
use super::scene::text;

const ROWS: usize = 1_500;

fn file(town: &str) -> Command {
    let mut body = "key,name,town\n".to_owned();
    for row in 0..ROWS {
        writeln!(body, "{row},row {row},{town}").unwrap();
    }
    let mapping = "%7B%22name%22:%22name%22,%22town%22:%22city%22%7D";
    let path = format!("/imports?type=lead&external_id=key&mapping={mapping}");
    Command { method: Method::POST, path, key: town.to_owned(), content_type: "text/csv", body }
}

/// A row that was applied before the cut is not applied again over what was acknowledged after it (P1, P6).
pub async fn rows_are_not_applied_again(ground: &Ground) {
    let mut program = Program::new(ground);
    let (server, address) = program.serve(&[]);
    let changed = begin(&Client::new(&address)).await.expect("nobody ends it yet");
    program.cut_short(server);
    let (server, address) = program.serve(&[]);
    end(&Client::new(&address), &changed).await.expect("nobody ends it now");
    program.cut_short(server);
    program.check();
}

/// Imports all rows, begins to import them again with another town, and overtakes it. The id of the second import.
async fn begin(client: &Client) -> Result<String, Lost> {
    let first = client.ask(&file("Vigo")).await?;
    ended(client, &text(&first.body["id"])).await?;
    let second = client.ask(&file("Lugo")).await?;
    for _ in 0..1_000 {
        if client.read("/records/external:lead:0").await?.body["fields"]["city"] == "Lugo" {
            let body = json!({"fields": {"city": "Brest"}});
            let path = "/records/external:lead:0".to_owned();
            let command = Command::json(Method::PATCH, path, "overtake".into(), &body);
            assert_eq!(client.ask(&command).await?.status, 200);
            return Ok(text(&second.body["id"]));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the first row is never imported");
}

async fn end(client: &Client, import: &str) -> Result<(), Lost> {
    let view = ended(client, import).await?;
    let counts = (view["rows_read"].as_u64(), view["created"].as_u64(), view["updated"].as_u64());
    assert_eq!(counts, (Some(ROWS as u64), Some(0), Some(ROWS as u64)), "{view:#}");
    let city = |body: &serde_json::Value| text(&body["fields"]["city"]);
    let first = client.read("/records/external:lead:0").await?.body;
    assert_eq!(city(&first), "Brest", "an acknowledged change was overwritten by a row that had been applied before");
    let last = client.read(&format!("/records/external:lead:{}", ROWS - 1)).await?.body;
    assert_eq!(city(&last), "Lugo", "the import did not go on");
    assert_eq!(client.list("/records").await?.len(), ROWS, "a row was created twice");
    Ok(())
}
