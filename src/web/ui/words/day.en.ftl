nav-my-day = My day
day-closed = There is no work list for you
day-closed-text = Your role has none, or the organisation has not opened it to you. An administrator can.
day-whose = Whose day
day-mine = Mine
day-somebody = Somebody’s day
day-begin = Work through the plan
day-list = Whole list
day-off-today = This is no working day.
day-all-done = Everything that was planned for today is done.
day-nothing = Nothing is planned for today. What sequences and colleagues give you to do stands here on the day on which it is due.
day-next = The next days
day-capacity-text = A day takes as much as you say.
day-capacity-change = Change it
day-late = Late
day-today = Today, { $date }
day-today-alone = Today
day-tomorrow = Tomorrow
day-progress = { $done } of { $all } done
day-done = done today
day-left = still to do
day-slips = move on
day-capacity = fit into a day
day-no-capacity = Nobody has said how much fits into a day, so everything stands on the day on which it is due.
day-of = { $planned } of { $capacity }
day-off = no working day
day-move-on = { $n ->
    [one] 1 moves on
   *[other] { $n } move on
}
day-beyond = { $n ->
    [one] 1 more stands behind these days.
   *[other] { $n } more stand behind these days.
}
day-beyond-head = Later
day-moves = What moves on
day-moves-text = The day was full before these came up; what matters most has stayed.
day-moves-more = And { $n } more.
day-team = The team’s days
day-team-none = There is nobody here
day-team-none-text = This team has no members whose list you may see.
day-team-over = { $n ->
    [0] Everybody gets through today.
    [one] One of them has more today than fits.
   *[other] { $n } of them have more today than fits.
}
day-over = { $n ->
    [one] 1 too many today
   *[other] { $n } too many today
}
