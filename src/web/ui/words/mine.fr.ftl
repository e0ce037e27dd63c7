account-tab-sequences = Mes séquences
mine-none = Vous n’avez pas encore de séquence à vous
mine-none-text = Faites-en une à partir d’un modèle, ou vide, pour les fiches qui sont les vôtres. Vous la modifiez, vos collègues peuvent s’en servir.
mine-all = Toutes les séquences
mine-text = Les collègues de votre unité voient vos séquences et peuvent y connecter des fiches ou les copier. Seuls vous et les responsables de séquences pouvez les modifier.
mine-not-yours = Vous pouvez la voir, y connecter des fiches et la copier. Son propriétaire ou un responsable de séquences la modifie.
mine-waiting = { $n ->
    [one] Une fiche attend d’être connectée dès que la séquence sera active.
   *[other] { $n } fiches attendent d’être connectées dès que la séquence sera active.
}
mine-connect-now = Connecter maintenant
mine-for = Faite pour { $name }, à connecter dès qu’elle sera active.
mine-for-several = Faite pour { $n } fiches, à connecter dès qu’elle sera active.
picker-others = Choisir d’autres fiches
choose-title = { $n ->
    [one] Connecter une fiche
   *[other] Connecter { $n } fiches
}
choose-none = Aucune fiche n’est choisie
choose-none-text = Cochez d’abord les fiches dans leur liste.
choose-back = Retour aux fiches
choose-types = Elles sont de plusieurs types
choose-types-text = Une séquence prend des fiches d’un seul type. Choisissez celles d’un type, puis les autres.
choose-known = Une séquence existante
choose-no-active = Aucune séquence pour le type { $type } n’est active.
choose-sequence = Séquence
choose-on = Continuer
choose-own = Une nouvelle, à vous
choose-own-text = À partir d’un modèle ou vide. Dès qu’elle est active, ces fiches peuvent être connectées.
choose-new = En créer une
records-connect = Connecter les fiches cochées
