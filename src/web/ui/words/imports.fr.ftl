import-title = Importer des enregistrements
import-one = Import
import-type = Chaque ligne devient un enregistrement de type
import-file = Fichier CSV
import-file-help = Virgule, point-virgule ou tabulation ; UTF-8 ou Windows ; 256 Mo au plus. Rien n’est encore repris.
import-text = Ou collez les lignes, les titres d’abord
import-text-help = Directement depuis un tableur, cela marche aussi.
import-text-example =
    Prénom, Nom, E-mail, Société
    Alba, Castro, alba@example.com, Faro Norte
import-continue = Continuer
import-refused = Cela ne peut pas encore être importé
import-check = Ce qui va où
import-summary = Lignes : { $rows }. Colonnes reprises : { $mapped } sur { $columns }. Chaque ligne devient un enregistrement de type { $type }.
import-column = Votre colonne
import-to = va dans
import-to-of = « { $column } » va dans
import-to-none = rien – laisser de côté
import-cells = Premières valeurs
import-no-heading = (sans titre)
import-properties = De tout enregistrement
import-fields = Champs du type
import-identity = Colonne qui identifie une ligne
import-identity-none = Aucune : chaque ligne crée un enregistrement
import-identity-help = Avec une telle colonne, importer le même fichier à nouveau met à jour au lieu de doubler.
import-start = Lancer l’import
import-back = Un autre fichier
import-sending = Envoi du fichier…
import-state-running = En cours
import-state-completed = Terminé
import-state-failed = Échoué
import-progress-running = Reprise des lignes…
import-progress-completed = Chaque ligne a été examinée
import-progress-failed = L’import s’est arrêté avant la fin
import-rows-read = lignes lues
import-created = créés
import-updated = mis à jour
import-rejected = rejetées
import-started = Commencé
import-ended = terminé
import-look-again = Regarder à nouveau
import-rejects = { $n ->
    [one] Une ligne n’a pas été reprise
   *[other] { $n } lignes n’ont pas été reprises
}
import-rejects-text = Le fichier ci-dessous contient chacune d’elles avec son numéro et la raison. Corrigez-les dans votre liste, puis importez-la à nouveau.
import-rejects-do = Télécharger les lignes rejetées
import-records = Voir les enregistrements
import-another = Importer un autre fichier
import-line = Ligne
import-why = Pourquoi
import-row = Contenu
