bulk-title = E-mail to several
bulk-text = The same e-mail to records that stand on the same step of the same sequence. Each gets its own, with its blanks filled in.
bulk-none = Nobody waits for an e-mail of yours
bulk-none-text = Records stand here as soon as an e-mail step of yours is due for them.
bulk-records =
    { $n ->
        [one] one record
       *[other] { $n } records
    }
bulk-whole = All of this step
bulk-write = Write to those selected
done-bulk-select = Select at least one record.
bulk-recipients = Recipients
bulk-see = See theirs
bulk-seen = shown
bulk-send-all = Send to all
bulk-cannot = cannot be sent
bulk-result = What became of it
bulk-sent =
    { $n ->
        [one] One e-mail is on its way
       *[other] { $n } e-mails are on their way
    }
bulk-refused =
    { $n ->
        [one] One is left as it was
       *[other] { $n } are left as they were
    }:
bulk-leaves = leaves
bulk-on-way = on its way
bulk-again = To the other candidates
