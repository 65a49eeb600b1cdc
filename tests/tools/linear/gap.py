"""What the vendor's schema, as it was trimmed, lacks."""

# Taking a comment or a project update back is in the vendor's full schema, but not in the trimmed one.
SCHEMA = """
type ProjectUpdateArchivePayload { entity: ProjectUpdate lastSyncId: Float! success: Boolean! }
extend type Mutation {
  commentDelete(id: String!): DeletePayload!
  projectUpdateArchive(id: String!): ProjectUpdateArchivePayload!
}
"""
