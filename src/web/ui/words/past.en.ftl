way-title = The way through the sequence
way-done = steps done
way-remaining = steps ahead at most
way-needed = still needed at most
way-days =
    { $n ->
        [one] one day
       *[other] { $n } days
    }
way-completed = Done
way-current = Here now
way-skipped = Skipped
way-cancelled = Cancelled
way-ahead = Ahead
way-not-taken = Not taken
past-link = History
past-title = { $name } at another time
past-at = At
past-show = Show
past-slider = From its beginning until now
past-was = As it was
past-happened = What happened just before
past-now = As it is now
past-none = It was not there yet.
past-earlier = Event before
past-later = Event after
past-in = In these sequences
past-in-none = In no sequence.
