account-tab-sequences = As miñas secuencias
mine-none = Aínda non ten ningunha secuencia propia
mine-none-text = Faga unha a partir dun modelo, ou baleira, para os rexistros que son seus. Vostede cámbiaa, e os seus colegas poden usala.
mine-all = Todas as secuencias
mine-text = Os colegas da súa unidade ven as súas secuencias e poden conectarlles rexistros ou copialas. Só vostede e os responsables de secuencias poden cambialas.
mine-not-yours = Pode vela, conectarlle rexistros e copiala. Cámbiaa quen a posúe ou un responsable de secuencias.
mine-waiting = { $n ->
    [one] Un rexistro agarda a ser conectado en canto estea activa.
   *[other] { $n } rexistros agardan a ser conectados en canto estea activa.
}
mine-connect-now = Conectar agora
mine-for = Feita para { $name }; poderá conectarse en canto estea activa.
mine-for-several = Feita para { $n } rexistros; poderán conectarse en canto estea activa.
picker-others = Escoller outros rexistros
choose-title = { $n ->
    [one] Conectar un rexistro
   *[other] Conectar { $n } rexistros
}
choose-none = Non hai ningún rexistro escollido
choose-none-text = Marque antes os rexistros na súa lista.
choose-back = Volver aos rexistros
choose-types = Son de varios tipos
choose-types-text = Unha secuencia toma rexistros dun só tipo. Escolla os dun, e despois os outros.
choose-known = Unha secuencia que xa hai
choose-no-active = Ningunha secuencia para o tipo { $type } está activa.
choose-sequence = Secuencia
choose-on = Seguir
choose-own = Unha nova, súa
choose-own-text = A partir dun modelo ou baleira. En canto estea activa, estes rexistros pódense conectar.
choose-new = Crear unha
records-connect = Conectar os rexistros marcados
