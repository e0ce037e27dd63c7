account-tab-sequences = My sequences
mine-none = You have no sequence of your own yet
mine-none-text = Make one from a template, or blank, for the records that are yours. It is yours to change, and colleagues can use it.
mine-all = All sequences
mine-text = Colleagues of your business unit see your sequences and may connect records to them or copy them. They cannot change them; sequence managers can.
mine-not-yours = You can view, connect and copy it. Its owner or a sequence manager changes it.
mine-waiting = { $n ->
    [one] A record waits to be connected once this is active.
   *[other] { $n } records wait to be connected once this is active.
}
mine-connect-now = Connect now
mine-for = Made for { $name }, who can be connected as soon as it is active.
mine-for-several = Made for { $n } records, which can be connected as soon as it is active.
picker-others = Choose other records
choose-title = { $n ->
    [one] Connect a record
   *[other] Connect { $n } records
}
choose-none = No record is chosen
choose-none-text = Tick the records in their list first.
choose-back = Back to the records
choose-types = These are of several types
choose-types-text = A sequence takes records of one type. Choose those of one, then the others.
choose-known = A sequence that is there
choose-no-active = No sequence for the type { $type } is active.
choose-sequence = Sequence
choose-on = Go on
choose-own = A new one of your own
choose-own-text = From a template or blank. As soon as it is active, these records can be connected.
choose-new = Create new
records-connect = Connect the ticked records
