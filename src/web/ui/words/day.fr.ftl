nav-my-day = Ma journée
day-closed = Il n’y a pas de liste de travail pour vous
day-closed-text = Votre rôle n’en a pas, ou l’organisation ne vous l’a pas ouverte. Un administrateur le peut.
day-whose = La journée de qui
day-mine = La mienne
day-somebody = La journée de quelqu’un
day-begin = Travailler selon le plan
day-list = Toute la liste
day-off-today = Ce jour n’est pas travaillé.
day-all-done = Tout ce qui était prévu pour aujourd’hui est fait.
day-nothing = Rien n’est prévu pour aujourd’hui. Ce que les séquences et vos collègues vous confient figure ici le jour de son échéance.
day-next = Les prochains jours
day-capacity-text = Une journée contient autant que vous le dites.
day-capacity-change = La modifier
day-late = En retard
day-today = Aujourd’hui, { $date }
day-today-alone = Aujourd’hui
day-tomorrow = Demain
day-progress = { $done } sur { $all } faits
day-done = faits aujourd’hui
day-left = encore à faire
day-slips = reportés
day-capacity = tiennent dans une journée
day-no-capacity = Personne n’a dit ce qui tient dans une journée : chaque chose reste au jour de son échéance.
day-of = { $planned } sur { $capacity }
day-off = jour non travaillé
day-move-on = { $n ->
    [one] 1 reporté
   *[other] { $n } reportés
}
day-beyond = { $n ->
    [one] 1 de plus se trouve après ces jours.
   *[other] { $n } de plus se trouvent après ces jours.
}
day-beyond-head = Plus tard
day-moves = Ce qui est reporté
day-moves-text = La journée était pleine avant eux ; ce qui compte le plus est resté.
day-moves-more = Et { $n } de plus.
day-team = Les journées de l’équipe
day-team-none = Il n’y a personne ici
day-team-none-text = Cette équipe n’a aucun membre dont vous puissiez voir la liste.
day-team-over = { $n ->
    [0] Tout le monde vient à bout de sa journée.
    [one] Une personne a aujourd’hui plus qu’il ne tient.
   *[other] { $n } personnes ont aujourd’hui plus qu’il ne tient.
}
day-over = { $n ->
    [one] 1 de trop aujourd’hui
   *[other] { $n } de trop aujourd’hui
}
