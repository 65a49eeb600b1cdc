"""What the vendor's description of `monday` lacks; each entry says why."""

# The description leaves interfaces out, and with them an item's column values; what is here are the fields that every
# kind of value has. Deleting an update is in monday.com's API reference, and was not among the chosen root fields.
SCHEMA = """
type ColumnValue {
  id: ID!
  type: ColumnType!
  text: String
  value: JSON
  column: Column!
}
extend type Item {
  column_values(ids: [String!], types: [ColumnType!]): [ColumnValue!]!
}
extend type Mutation {
  delete_update(id: ID!): Update
}
"""
