way-title = Le parcours dans la séquence
way-done = étapes faites
way-remaining = étapes au plus à venir
way-needed = encore nécessaires au plus
way-days =
    { $n ->
        [one] un jour
       *[other] { $n } jours
    }
way-completed = Faite
way-current = Ici maintenant
way-skipped = Passée
way-cancelled = Annulée
way-ahead = À venir
way-not-taken = Pas empruntée
past-link = Au fil du temps
past-title = { $name } à un autre moment
past-at = Le
past-show = Montrer
past-slider = De son début à maintenant
past-was = Comme elle était
past-happened = Ce qui venait de se passer
past-now = Telle qu’elle est maintenant
past-none = Elle n’existait pas encore.
past-earlier = Événement précédent
past-later = Événement suivant
past-in = Dans ces séquences
past-in-none = Dans aucune séquence.
