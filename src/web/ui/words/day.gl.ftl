nav-my-day = O meu día
day-closed = Non hai lista de traballo para vostede
day-closed-text = O seu rol non ten ningunha, ou a organización non lla abriu. Un administrador pode facelo.
day-whose = O día de quen
day-mine = O meu
day-somebody = O día de alguén
day-begin = Traballar segundo o plan
day-list = Toda a lista
day-off-today = Este día non se traballa.
day-all-done = Todo o previsto para hoxe está feito.
day-nothing = Non hai nada previsto para hoxe. O que as secuencias e os seus colegas lle encargan figura aquí o día do seu prazo.
day-next = Os próximos días
day-capacity-text = Nun día cabe tanto como vostede diga.
day-capacity-change = Cambialo
day-late = Con atraso
day-today = Hoxe, { $date }
day-today-alone = Hoxe
day-tomorrow = Mañá
day-progress = { $done } de { $all } feitos
day-done = feitos hoxe
day-left = aínda por facer
day-slips = pasan adiante
day-capacity = caben nun día
day-no-capacity = Ninguén dixo canto cabe nun día: todo queda no día do seu prazo.
day-of = { $planned } de { $capacity }
day-off = día sen traballo
day-move-on = { $n ->
    [one] 1 pasa adiante
   *[other] { $n } pasan adiante
}
day-beyond = { $n ->
    [one] 1 máis queda despois destes días.
   *[other] { $n } máis quedan despois destes días.
}
day-beyond-head = Máis tarde
day-moves = O que pasa adiante
day-moves-text = O día xa estaba cheo; quedou o que máis importa.
day-moves-more = E { $n } máis.
day-team = Os días do equipo
day-team-none = Aquí non hai ninguén
day-team-none-text = Este equipo non ten membros dos que vostede poida ver a lista.
day-team-over = { $n ->
    [0] Todos rematan o día de hoxe.
    [one] Unha persoa ten hoxe máis do que cabe.
   *[other] { $n } persoas teñen hoxe máis do que cabe.
}
day-over = { $n ->
    [one] 1 de máis hoxe
   *[other] { $n } de máis hoxe
}
