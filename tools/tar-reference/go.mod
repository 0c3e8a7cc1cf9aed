module tenantry.example/tools/tar-reference

go 1.25.0
