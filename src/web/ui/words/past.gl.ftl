way-title = O camiño pola secuencia
way-done = pasos feitos
way-remaining = pasos por diante como moito
way-needed = aínda precisos como moito
way-days =
    { $n ->
        [one] un día
       *[other] { $n } días
    }
way-completed = Feito
way-current = Aquí agora
way-skipped = Omitido
way-cancelled = Cancelado
way-ahead = Por diante
way-not-taken = Non collido
past-link = Ao longo do tempo
past-title = { $name } noutro momento
past-at = En
past-show = Amosar
past-slider = Dende o comezo ata agora
past-was = Como era
past-happened = O que acababa de pasar
past-now = Como é agora
past-none = Aínda non existía.
past-earlier = Suceso anterior
past-later = Suceso seguinte
past-in = Nestas secuencias
past-in-none = En ningunha secuencia.
