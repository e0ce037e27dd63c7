bulk-title = Correo a varios
bulk-text = O mesmo correo para rexistros que están no mesmo paso da mesma secuencia. Cada un recibe o seu, cos ocos cheos.
bulk-none = Ninguén agarda un correo seu
bulk-none-text = Aquí aparecen rexistros en canto lles toca un paso de correo seu.
bulk-records =
    { $n ->
        [one] un rexistro
       *[other] { $n } rexistros
    }
bulk-whole = Todo este paso
bulk-write = Escribir aos marcados
done-bulk-select = Marque polo menos un rexistro.
bulk-recipients = Destinatarios
bulk-see = Ver o seu
bulk-seen = amosado
bulk-send-all = Enviar a todos
bulk-cannot = non se pode enviar
bulk-result = Que foi del
bulk-sent =
    { $n ->
        [one] Un correo está de camiño
       *[other] { $n } correos están de camiño
    }
bulk-refused =
    { $n ->
        [one] Un queda como estaba
       *[other] { $n } quedan como estaban
    }:
bulk-leaves = sae
bulk-on-way = de camiño
bulk-again = Aos demais candidatos
