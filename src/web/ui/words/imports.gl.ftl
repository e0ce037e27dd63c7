import-title = Importar rexistros
import-one = Importación
import-type = Cada fila convértese nun rexistro de tipo
import-file = Ficheiro CSV
import-file-help = Coma, punto e coma ou tabulador; UTF-8 ou Windows; ata 256 MB. Aínda non se incorpora nada.
import-text = Ou pegue as filas, primeiro as cabeceiras
import-text-help = Tamén funciona directamente desde unha folla de cálculo.
import-text-example =
    Nome, Apelidos, Correo electrónico, Empresa
    Alba, Castro, alba@example.com, Faro Norte
import-continue = Continuar
import-refused = Isto aínda non se pode importar
import-check = Que vai a cada sitio
import-summary = Filas: { $rows }. Columnas que se incorporan: { $mapped } de { $columns }. Cada fila convértese nun rexistro de tipo { $type }.
import-column = A súa columna
import-to = vai a
import-to-of = «{ $column }» vai a
import-to-none = nada – deixala fóra
import-cells = Primeiros valores
import-no-heading = (sen cabeceira)
import-properties = De calquera rexistro
import-fields = Campos do tipo
import-identity = Columna que identifica unha fila
import-identity-none = Ningunha: cada fila crea un rexistro
import-identity-help = Cunha, importar outra vez o mesmo ficheiro actualiza o que hai en lugar de duplicalo.
import-start = Iniciar a importación
import-back = Outro ficheiro
import-sending = Enviando o ficheiro…
import-state-running = En curso
import-state-completed = Rematada
import-state-failed = Fallida
import-progress-running = Incorporando as filas…
import-progress-completed = Revisáronse todas as filas
import-progress-failed = A importación rematou antes de tempo
import-rows-read = filas lidas
import-created = creados
import-updated = actualizados
import-rejected = rexeitadas
import-started = Comezou
import-ended = rematou
import-look-again = Mirar outra vez
import-rejects = { $n ->
    [one] Unha fila non se incorporou
   *[other] { $n } filas non se incorporaron
}
import-rejects-text = O ficheiro de abaixo ten cada unha delas co seu número de liña e o motivo. Corríxaas na súa lista e impórtea outra vez.
import-rejects-do = Descargar as filas rexeitadas
import-records = Ver os rexistros
import-another = Importar outro ficheiro
import-line = Liña
import-why = Por que
import-row = Fila
