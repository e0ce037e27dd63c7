bulk-title = E-mail à plusieurs
bulk-text = Le même e-mail aux fiches qui sont à la même étape de la même séquence. Chacune reçoit le sien, champs remplis.
bulk-none = Personne n’attend un e-mail de vous
bulk-none-text = Des fiches apparaissent ici dès qu’une de vos étapes e-mail est à faire pour elles.
bulk-records =
    { $n ->
        [one] une fiche
       *[other] { $n } fiches
    }
bulk-whole = Toute l’étape
bulk-write = Écrire aux fiches cochées
done-bulk-select = Cochez au moins une fiche.
bulk-recipients = Destinataires
bulk-see = Voir le sien
bulk-seen = affiché
bulk-send-all = Envoyer à tous
bulk-cannot = ne peut pas partir
bulk-result = Ce qu’il en est
bulk-sent =
    { $n ->
        [one] Un e-mail est en route
       *[other] { $n } e-mails sont en route
    }
bulk-refused =
    { $n ->
        [one] Une fiche reste telle quelle
       *[other] { $n } fiches restent telles quelles
    } :
bulk-leaves = part
bulk-on-way = en route
bulk-again = Aux autres candidats
