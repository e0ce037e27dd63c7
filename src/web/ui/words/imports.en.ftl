import-title = Import records
import-one = Import
import-type = Every row becomes a
import-file = CSV file
import-file-help = Comma, semicolon or tab; UTF-8 or Windows; up to 256 MB. Nothing is taken over yet.
import-text = Or paste the rows, headings first
import-text-help = Straight from a spreadsheet works too.
import-text-example =
    First name, Last name, E-mail, Company
    Alba, Castro, alba@example.com, Faro Norte
import-continue = Continue
import-refused = This cannot be imported yet
import-check = What goes where
import-summary = Rows: { $rows }. Columns that go in: { $mapped } of { $columns }. Each row becomes a record of the type { $type }.
import-column = Your column
import-to = goes into
import-to-of = “{ $column }” goes into
import-to-none = nothing – leave it out
import-cells = First values
import-no-heading = (no heading)
import-properties = Of every record
import-fields = Fields of the type
import-identity = Column that identifies a row
import-identity-none = None: every row makes a new record
import-identity-help = With one, importing the same file again updates what is there instead of doubling it.
import-start = Start the import
import-back = Another file
import-sending = Sending the file …
import-state-running = Running
import-state-completed = Done
import-state-failed = Failed
import-progress-running = Taking over the rows …
import-progress-completed = Every row was looked at
import-progress-failed = The import ended early
import-rows-read = rows read
import-created = created
import-updated = updated
import-rejected = rejected
import-started = Started
import-ended = ended
import-look-again = Look again
import-rejects = { $n ->
    [one] One row did not go in
   *[other] { $n } rows did not go in
}
import-rejects-text = The file below has each of them with its line and the reason. Mend them in your list, and import it again.
import-rejects-do = Download the rejected rows
import-records = See the records
import-another = Import another file
import-line = Line
import-why = Why
import-row = Row
